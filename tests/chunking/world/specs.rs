//! The specs to test.

use sluice::domain::chunking::measure::Measure;
use sluice::domain::chunking::packing::Packing;
use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::spec::levels::Levels;
use sluice::domain::chunking::strategy::Strategy;

/// Returns specs with chunks of up to `max_size`, for every strategy, measure and packing. Each comes without overlap
/// and with each of `overlaps`, with the default `min_size` and with a small one, which leaves the widest choice. The
/// former also comes in three levels.
pub(crate) fn specs(max_size: usize, overlaps: &[usize]) -> Vec<Spec> {
    let mut specs = Vec::new();
    for strategy in Strategy::all() {
        for measure in Measure::ALL {
            // Tokens are counted at a hundredth of the speed, and no packing knows them.
            let packings = match measure {
                Measure::Tokens => &Packing::ALL[..1],
                Measure::Characters | Measure::Bytes | Measure::Words => &Packing::ALL[..],
            };
            for &packing in packings {
                for &overlap in [0].iter().chain(overlaps) {
                    for min_size in [None, Some(max_size.div_ceil(8).max(2 * overlap))] {
                        let strategy = Some(strategy.clone());
                        let size = max_size;
                        let max_size = Some(size);
                        let request = Request {
                            strategy,
                            measure,
                            min_size,
                            max_size,
                            overlap,
                            packing,
                            ..Request::default()
                        };
                        specs.push(Spec::new(request.clone()).unwrap());
                        if min_size.is_none() {
                            specs.push(in_levels(request, size));
                        }
                    }
                }
            }
        }
    }
    specs
}

/// Returns a spec in three levels, whose finest has chunks of up to `size`.
pub(crate) fn in_levels(request: Request, size: usize) -> Spec {
    let levels = Levels::new(vec![6 * size, 2 * size, size]).unwrap();
    Spec::new(Request { levels, ..request }).unwrap()
}
