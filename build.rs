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
    use std::path::PathBuf;

    const FILES: [&str; 9] = [
        "proto/sluice/v1/chunking.proto",
        "proto/sluice/v1/chunks.proto",
        "proto/sluice/v1/collections.proto",
        "proto/sluice/v1/compression.proto",
        "proto/sluice/v1/documents.proto",
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
        // As encoded: decoding and encoding again would drop the method options.
        std::fs::write(
            out.join("sluice.v1.bin"),
            compiler.encode_file_descriptor_set(),
        )?;
        tonic_prost_build::configure()
            .bytes(".")
            .compile_fds(compiler.file_descriptor_set())?;
        Ok(())
    }
}
