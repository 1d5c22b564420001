//! Finds cycles among sibling modules.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{File, module_of};

pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// Returns a graph for each parent module: the siblings that each of its children names.
pub(crate) fn sibling_graphs(files: &[File]) -> BTreeMap<String, Graph> {
    let mut graphs = BTreeMap::<String, Graph>::new();
    for file in files {
        for path in file.paths().iter().filter(|path| path.starts_with("crate")) {
            let target = module_of(path, files);
            let (from, to) = (file.module.split("::"), target.split("::"));
            let (from, to): (Vec<_>, Vec<_>) = (from.collect(), to.collect());
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let graph = graphs.entry(from[..shared].join("::")).or_default();
                graph
                    .entry((*a).to_owned())
                    .or_default()
                    .insert((*b).to_owned());
            }
        }
    }
    graphs
}

/// Extends `trail` until it returns to `start`, and returns whether it does.
pub(crate) fn closes(
    graph: &Graph,
    start: &str,
    trail: &mut Vec<String>,
    seen: &mut BTreeSet<String>,
) -> bool {
    let here = trail.last().cloned().unwrap_or_default();
    for next in graph.get(&here).into_iter().flatten() {
        if next == start || seen.insert(next.clone()) {
            trail.push(next.clone());
            if next == start || closes(graph, start, trail, seen) {
                return true;
            }
            trail.pop();
        }
    }
    false
}
