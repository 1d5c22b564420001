//! The memory limit and use of the process: those of its control group, or its own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::application::ports::memory_usage::Memory;

/// The mount point of the control groups, versions 1 and 2.
const GROUPS: &str = "/sys/fs/cgroup";
/// Version 1 writes "no limit" as the largest number of pages. Larger limits than this count as no limit.
const NO_LIMIT: u64 = 1 << 60;

/// The place from which limit and use are read.
#[derive(Clone, Debug)]
pub enum MemorySource {
    /// A limit of the process's own resident memory.
    Process {
        /// The limit, in bytes.
        most: u64,
    },
    /// The limit of its control group, beyond which the kernel kills processes.
    Group {
        /// The limit, in bytes.
        most: u64,
        /// The file with the memory in use.
        used: PathBuf,
        /// The file and the field in it with the file-cache pages that the kernel can drop.
        dropped: (PathBuf, &'static str),
    },
    /// No limit applies.
    Unlimited,
}

impl MemorySource {
    /// Returns the configured limit, in bytes. If it is 0, returns the limit of the control group.
    #[must_use]
    pub fn open(most: u64) -> Self {
        if most > 0 {
            return Self::Process { most };
        }
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        group(&groups, Path::new(GROUPS)).unwrap_or(Self::Unlimited)
    }
}

impl Memory for MemorySource {
    fn most(&self) -> Option<u64> {
        match self {
            Self::Process { most } | Self::Group { most, .. } => Some(*most),
            Self::Unlimited => None,
        }
    }

    fn used(&self) -> Option<u64> {
        match self {
            Self::Process { .. } => resident(),
            Self::Group { used, dropped, .. } => {
                let (stat, name) = dropped;
                let dropped = line(&fs::read_to_string(stat).ok()?, name).unwrap_or_default();
                Some(number(used)?.saturating_sub(dropped))
            }
            Self::Unlimited => None,
        }
    }
}

/// Returns the group with a memory limit among the groups of a process (cgroups(7)). Version 1 names its
/// controllers; version 2 has number 0. Inside a container the path may be the host's; the group is then at the
/// root.
fn group(groups: &str, root: &Path) -> Option<MemorySource> {
    let found = groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let number = parts.next()?;
        let controllers = parts.next()?;
        let path = parts.next()?;
        let is_first = controllers.split(',').any(|name| name == "memory");
        (is_first || number == "0").then_some((is_first, path.trim_start_matches('/')))
    });
    let (is_first, path) = found?;
    let (root, [limit, used], name) = if is_first {
        let files = ["memory.limit_in_bytes", "memory.usage_in_bytes"];
        (root.join("memory"), files, "total_inactive_file")
    } else {
        (
            root.to_owned(),
            ["memory.max", "memory.current"],
            "inactive_file",
        )
    };
    let folders = [root.join(path), root];
    let folder = folders.iter().find(|folder| folder.join(limit).exists())?;
    let most = number(&folder.join(limit)).filter(|most| *most < NO_LIMIT)?;
    Some(MemorySource::Group {
        most,
        used: folder.join(used),
        dropped: (folder.join("memory.stat"), name),
    })
}

/// Returns the resident memory of the process, in bytes.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(line(&status, "VmRSS:")? * 1024)
}

/// Returns the number in a file. `None` also means `max`, which stands for no limit.
fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// Returns the number in the line with that name.
fn line(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next()? == name).then(|| words.next()?.parse().ok())?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{MemorySource, group, resident};
    use crate::application::ports::memory_usage::Memory;

    /// Creates files laid out as the kernel does.
    fn files(name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
        let root =
            std::env::temp_dir().join(format!("sluice-memory-{}-{name}", std::process::id()));
        for (file, text) in files {
            let file = root.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        root
    }

    #[test]
    fn the_limit_is_that_of_the_group_in_either_version() {
        let first = files(
            "1",
            &[
                ("memory/a/memory.limit_in_bytes", "1000\n"),
                ("memory/a/memory.usage_in_bytes", "900\n"),
                ("memory/a/memory.stat", "cache 1\ntotal_inactive_file 300\n"),
                ("memory/b/memory.limit_in_bytes", "9223372036854771712\n"),
            ],
        );
        let second = files(
            "2",
            &[
                ("memory.max", "2000\n"),
                ("memory.current", "900\n"),
                ("memory.stat", "anon 1\ninactive_file 100\n"),
                ("c/memory.max", "max\n"),
            ],
        );
        let of = |groups: &str, root| {
            let source = group(groups, root).unwrap_or(MemorySource::Unlimited);
            source.most().zip(source.used())
        };
        assert_eq!(
            of("5:cpu:/\n4:memory:/a\n0::/\n", &first),
            Some((1000, 600))
        );
        assert_eq!(of("4:memory:/b\n", &first), None);
        assert_eq!(of("0::/\n", &second), Some((2000, 800)));
        assert_eq!(of("0::/of/the/host\n", &second), Some((2000, 800)));
        assert_eq!(of("0::/c\n", &second), None);
        assert_eq!(of("", &second), None);
        assert!(resident().unwrap() > 1_000_000);
        for root in [first, second] {
            fs::remove_dir_all(root).unwrap();
        }
    }
}
