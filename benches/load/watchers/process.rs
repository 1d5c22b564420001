//! The kernel's figures about processes.

use std::fs;

use anyhow::{Context, ensure};

/// Open files besides the connections of watchers.
const OTHER_FILES: u64 = 200;

/// Returns the memory of the processes in RAM (`VmRSS`), in bytes.
pub(super) fn resident(pids: &[u32]) -> anyhow::Result<u64> {
    let each = pids.iter().map(|pid| {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).with_context(|| path.clone())?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.map(|line| line.trim().trim_end_matches(" kB"));
        let kib = kib.with_context(|| format!("{path}: no VmRSS"))?;
        Ok(kib.parse::<u64>()? * 1024)
    });
    each.sum()
}

/// Fails if this process may not open enough files for the connections.
pub(super) fn ensure_files(connections: u64) -> anyhow::Result<()> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    // The limit "unlimited" is not a number.
    let Some(soft) = soft.and_then(|soft| soft.parse::<u64>().ok()) else {
        return Ok(());
    };
    let needed = connections + OTHER_FILES;
    ensure!(
        needed <= soft,
        "{connections} connections need {needed} open files; `ulimit -n` is {soft}"
    );
    Ok(())
}
