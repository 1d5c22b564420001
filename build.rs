//! Compiles the protos: messages, services and the descriptor set that reflection serves.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=proto");
    #[cfg(feature = "server")]
    protos::compile()?;
    Ok(())
}

#[cfg(feature = "server")]
mod protos {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MethodDescriptor};

    const FILES: [&str; 11] = [
        "proto/sluice/v1/admin.proto",
        "proto/sluice/v1/chunking.proto",
        "proto/sluice/v1/chunks.proto",
        "proto/sluice/v1/collections.proto",
        "proto/sluice/v1/compression.proto",
        "proto/sluice/v1/documents.proto",
        "proto/sluice/v1/limits.proto",
        "proto/sluice/v1/operations.proto",
        "proto/sluice/v1/options.proto",
        "proto/sluice/v1/partitions.proto",
        "proto/sluice/v1/uploads.proto",
    ];

    pub(crate) fn compile() -> Result<(), Box<dyn std::error::Error>> {
        let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
        let mut compiler = protox::Compiler::new(["proto"])?;
        compiler
            .include_source_info(true)
            .include_imports(true)
            .open_files(FILES)?;
        // Written as encoded: decoding and encoding again would drop the method options.
        std::fs::write(
            out.join("sluice.v1.bin"),
            compiler.encode_file_descriptor_set(),
        )?;
        std::fs::write(
            out.join("methods.rs"),
            methods(&compiler.descriptor_pool())?,
        )?;
        std::fs::write(out.join("named.rs"), named(&compiler.descriptor_pool()))?;
        tonic_prost_build::configure()
            .bytes(".")
            // Sorted, so that equal messages have equal encodings.
            .btree_map(".")
            .codec_path("crate::interface::grpc::codec::Codec")
            .compile_fds(compiler.file_descriptor_set())?;
        Ok(())
    }

    /// Returns a table of the declarations of all methods, sorted by path. A method without both options fails the
    /// build: its callers and its budget would be undefined.
    fn methods(pool: &DescriptorPool) -> Result<String, Box<dyn std::error::Error>> {
        let services = pool
            .services()
            .filter(|service| service.package_name() == "sluice.v1");
        let mut rows = Vec::new();
        for method in services.flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let class = option(pool, &method, "rate_class")?;
            let role = option(pool, &method, "required_role")?;
            let is_client_stream = method.is_client_streaming();
            rows.push(format!(
                "    Method {{ path: {path:?}, class: RateClass::{class}, role: Role::{role}, \
                 is_client_stream: {is_client_stream} }},\n"
            ));
        }
        rows.sort();
        let rows = rows.concat();
        Ok(format!(
            "/// All methods, sorted by path.\npub static METHODS: &[Method] = &[\n{rows}];\n"
        ))
    }

    /// Returns code for the name in each request: its first single text field, by number, that is a name, otherwise the
    /// name of the resource in it.
    fn named(pool: &DescriptorPool) -> String {
        const NOT_NAMES: [&str; 3] = ["page_token", "request_id", "etag"];
        let services = pool
            .services()
            .filter(|service| service.package_name() == "sluice.v1");
        let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
        let requests = methods.map(|method| method.input());
        let each = requests.map(|request| {
            let mut fields = request.fields().filter(|field| {
                let is_single = !field.is_list() && field.containing_oneof().is_none();
                let is_name = !NOT_NAMES.contains(&field.name());
                is_single && is_name && matches!(field.kind(), Kind::String)
            });
            let has_name = |field: &FieldDescriptor| {
                let kind = field.kind();
                let message = kind.as_message();
                message.is_some_and(|message| message.get_field_by_name("name").is_some())
            };
            let resource = request.fields().find(|field| !field.is_list() && has_name(field));
            let request = request.name();
            match fields.next() {
                Some(name) => format!(
                    "impl Named for pb::{request} {{\n    fn named(&self) -> Option<&str> {{\n        Some(&self.{})\n    }}\n}}\n",
                    name.name()
                ),
                None => match resource {
                    Some(resource) => format!(
                        "impl Named for pb::{request} {{\n    fn named(&self) -> Option<&str> {{\n        self.{}.as_ref().map(|resource| resource.name.as_str())\n    }}\n}}\n",
                        resource.name()
                    ),
                    None => format!("impl Named for pb::{request} {{}}\n"),
                },
            }
        });
        each.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Returns the variant that a method's option names: `UploadStart` for `RATE_CLASS_UPLOAD_START`.
    fn option(
        pool: &DescriptorPool,
        method: &MethodDescriptor,
        name: &str,
    ) -> Result<String, Box<dyn std::error::Error>> {
        let extension = pool.get_extension_by_name(&format!("sluice.v1.{name}"));
        let extension = extension.ok_or("an option that no proto defines")?;
        let kind = extension.kind();
        let kind = kind.as_enum().ok_or("an option that is no enum")?;
        let options = method.options();
        let number = options.get_extension(&extension).as_enum_number();
        let number = number.filter(|number| *number != 0);
        let number = number.ok_or_else(|| format!("{} has no {name}", method.full_name()))?;
        let value = kind.get_value(number).ok_or("a value that no enum has")?;
        let prefix = match name {
            "rate_class" => "RATE_CLASS_",
            _ => "ROLE_",
        };
        let words = value.name().trim_start_matches(prefix).split('_');
        let words = words.map(|word| format!("{}{}", &word[..1], word[1..].to_lowercase()));
        Ok(words.collect())
    }
}
