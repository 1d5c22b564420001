//! Figures of the spread of counts: mean, ratio of the largest, and Gini coefficient.

pub(super) fn mean(counts: &[u64]) -> f64 {
    number(counts.iter().sum()) / number(counts.len().max(1) as u64)
}

/// Returns the largest count divided by the mean; 0 if all are 0.
pub(super) fn max_over_mean(counts: &[u64]) -> f64 {
    let max = counts.iter().copied().max();
    let sum = counts.iter().sum::<u64>();
    match max {
        // Multiply first: the quotient of whole numbers is exact at the thresholds.
        Some(max) if max > 0 => number(max) * number(counts.len() as u64) / number(sum),
        Some(_) | None => 0.0,
    }
}

/// Returns the Gini coefficient: half the mean difference between any two counts, divided by the mean (C. Gini,
/// Variabilità e mutabilità, 1912). Over sorted counts it is `2 Σ i·xᵢ / (n Σ xᵢ) - (n + 1) / n`, with `i` from 1
/// (A. Sen, On Economic Inequality, 1973).
pub(super) fn gini(counts: &[u64]) -> f64 {
    let mut counts = counts.to_vec();
    counts.sort_unstable();
    let len = number(counts.len() as u64);
    let sum = number(counts.iter().sum());
    if sum == 0.0 {
        return 0.0;
    }
    let ranked = counts.iter().zip(1_u64..);
    let ranked = ranked.map(|(count, rank)| number(rank) * number(*count));
    let gini = 2.0 * ranked.sum::<f64>() / (len * sum) - (len + 1.0) / len;
    // Rounding may give slightly less than 0.
    gini.max(0.0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact to 2⁵³ chunks; a share needs three digits"
)]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::gini;

    #[test]
    fn the_coefficient_equals_its_definition() {
        for counts in [[1, 2, 3, 4], [0, 0, 0, 9], [5, 5, 5, 5], [7, 0, 2, 2]] {
            let pairs = counts.iter().flat_map(|a| counts.map(|b| (*a, b)));
            let differences = pairs.map(|(a, b)| u64::abs_diff(a, b)).sum::<u64>();
            let sum = counts.iter().sum::<u64>();
            let defined = super::number(differences) / (2.0 * 4.0 * super::number(sum));
            assert!((gini(&counts) - defined).abs() < 1e-12, "{counts:?}");
        }
    }
}
