//! Judges how evenly chunks are spread over partitions, and names a remedy.
//!
//! A document is never split over partitions. The choice between two candidates evens out the number of documents in
//! each partition, not their sizes. The reasons are therefore distinguished: a document that is too large, too few
//! documents to judge by, an uneven number of documents, and uneven sizes.

use crate::domain::names::resource::{DocumentName, TenantId};
use crate::domain::partitions::spread::{gini, max_over_mean, mean, number};

/// Above this multiple of the mean, the fullest partition gets a warning.
const WARNING: f64 = 1.1;
/// Above this multiple of the mean, a partition is hot and queries become slower.
const CRITICAL: f64 = 1.2;
/// The choice between two candidates evens out once each of 100 partitions has about 20 documents. With fewer, a
/// single document is a deviation of 5 % and means nothing.
const DOCUMENTS_MIN: u64 = 2_000;
/// The size of a large document, as a multiple of the mean document.
const LARGE: f64 = 10.0;
/// The share of the mean partition that a large document must fill to count as the reason.
const LARGE_SHARE: f64 = 0.2;

/// The contents of a partition.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Load {
    /// The number of documents.
    pub documents: u64,
    /// The number of their chunks.
    pub chunks: u64,
    /// The bytes of the chunks' text.
    pub text_bytes: u64,
}

/// A document and its size.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// The tenant of the document.
    pub tenant: TenantId,
    /// The name of the document.
    pub name: DocumentName,
    /// The partition that holds it.
    pub partition: u32,
    /// The other candidate partition.
    pub other_candidate: u32,
    /// The number of its chunks, in all versions.
    pub chunks: u64,
    /// The bytes of the chunks' text.
    pub text_bytes: u64,
}

/// The severity of an imbalance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The partitions are balanced.
    Healthy,
    /// The fullest partition has more than 1.1 times the mean.
    Warning,
    /// The fullest partition has more than 1.2 times the mean.
    Critical,
}

/// The reason for a verdict.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// No partition has chunks.
    Empty,
    /// The fullest partition is near the mean.
    Balanced,
    /// The number of documents is too small to judge by.
    TooFewDocuments,
    /// Large documents make their partitions hot.
    LargeDocuments,
    /// Some partitions have more documents than others.
    DocumentsUneven,
    /// The partitions have equally many documents, of different sizes.
    SizesUneven,
}

/// The recommended action.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Advice {
    /// No action is needed, or none would help.
    None,
    /// Wait: more documents even the partitions out.
    Wait,
    /// Move a document of a hot partition to its other candidate, which is light enough for the move to help.
    MoveDocument,
}

/// The evenness of the chunks' distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// The severity.
    pub verdict: Verdict,
    /// The reasons, at least one.
    pub reasons: Vec<Reason>,
    /// The recommended action.
    pub advice: Advice,
    /// The Gini coefficient: 0 if all partitions hold the same, almost 1 if one holds everything.
    pub gini: f64,
    /// The chunks of the fullest partition divided by the mean; 0 if there are no chunks.
    pub max_over_mean: f64,
    /// The large documents of hot partitions, the largest first.
    pub hot_documents: Vec<Document>,
}

impl Balance {
    /// Judges the loads of the partitions, in their order, with the largest documents.
    #[must_use]
    pub fn of(loads: &[Load], largest: &[Document]) -> Self {
        let chunks = loads.iter().map(|load| load.chunks).collect::<Vec<_>>();
        let max_over_mean = max_over_mean(&chunks);
        let hot_documents = hot_documents(loads, largest);
        let helps = |documents: &[Document]| {
            let mut documents = documents.iter();
            documents.any(|document| would_help(&chunks, document))
        };
        let (verdict, reason, advice) = if max_over_mean == 0.0 {
            (Verdict::Healthy, Reason::Empty, Advice::None)
        } else if max_over_mean <= WARNING {
            (Verdict::Healthy, Reason::Balanced, Advice::None)
        } else if !hot_documents.is_empty() {
            let advice = if helps(&hot_documents) {
                Advice::MoveDocument
            } else {
                Advice::None
            };
            (verdict(max_over_mean), Reason::LargeDocuments, advice)
        } else {
            without_large(loads, max_over_mean, helps(largest))
        };
        Self {
            verdict,
            reasons: vec![reason],
            advice,
            gini: gini(&chunks),
            max_over_mean,
            hot_documents,
        }
    }
}

fn verdict(max_over_mean: f64) -> Verdict {
    match max_over_mean {
        over if over > CRITICAL => Verdict::Critical,
        over if over > WARNING => Verdict::Warning,
        _ => Verdict::Healthy,
    }
}

/// Returns the verdict on partitions that are uneven for another reason than large documents.
fn without_large(loads: &[Load], max_over_mean: f64, can_move: bool) -> (Verdict, Reason, Advice) {
    let documents = loads.iter().map(|load| load.documents).collect::<Vec<_>>();
    if documents.iter().sum::<u64>() < DOCUMENTS_MIN {
        return (Verdict::Healthy, Reason::TooFewDocuments, Advice::Wait);
    }
    let verdict = verdict(max_over_mean);
    let reason = if self::max_over_mean(&documents) > CRITICAL {
        Reason::DocumentsUneven
    } else {
        Reason::SizesUneven
    };
    let advice = match verdict {
        Verdict::Critical if can_move => Advice::MoveDocument,
        Verdict::Critical | Verdict::Healthy | Verdict::Warning => Advice::Wait,
    };
    (verdict, reason, advice)
}

/// Returns the large documents of hot partitions.
fn hot_documents(loads: &[Load], largest: &[Document]) -> Vec<Document> {
    let chunks = loads.iter().map(|load| load.chunks).collect::<Vec<_>>();
    let documents = loads.iter().map(|load| load.documents).sum::<u64>();
    let mean = mean(&chunks);
    let mean_document = number(chunks.iter().sum()) / number(documents.max(1));
    let is_hot = |document: &&Document| {
        let size = number(document.chunks);
        number(held(&chunks, document.partition)) > CRITICAL * mean
            && size >= LARGE * mean_document
            && size >= LARGE_SHARE * mean
    };
    largest.iter().filter(is_hot).cloned().collect()
}

/// Whether a move of the document helps. Its partition must be hot, and the other candidate must end up with less
/// than this one has now. A document that alone exceeds the warning level is too large for any partition.
fn would_help(chunks: &[u64], document: &Document) -> bool {
    let mean = mean(chunks);
    let here = held(chunks, document.partition);
    let there = held(chunks, document.other_candidate) + document.chunks;
    number(here) > CRITICAL * mean && number(document.chunks) <= WARNING * mean && there < here
}

/// Returns the number of chunks in a partition.
fn held(chunks: &[u64], partition: u32) -> u64 {
    let at = usize::try_from(partition).ok();
    at.and_then(|at| chunks.get(at))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Advice, Balance, Document, Load, Reason, Verdict};
    use crate::domain::names::resource::{DocumentName, TenantId};

    fn load(documents: u64, chunks: u64) -> Load {
        let text_bytes = 700 * chunks;
        Load {
            documents,
            chunks,
            text_bytes,
        }
    }

    fn document(partition: u32, chunks: u64) -> Document {
        Document {
            tenant: TenantId::default(),
            name: DocumentName::parse("collections/c/documents/d").unwrap(),
            partition,
            other_candidate: (partition + 1) % 100,
            chunks,
            text_bytes: 700 * chunks,
        }
    }

    fn check(
        loads: &[Load],
        largest: &[Document],
        expected: (Verdict, Reason, Advice),
        hot: usize,
    ) -> Balance {
        let balance = Balance::of(loads, largest);
        let actual = (balance.verdict, balance.reasons[0], balance.advice);
        assert_eq!(actual, expected, "{balance:?}");
        assert_eq!(balance.reasons.len(), 1);
        assert_eq!(balance.hot_documents, largest[..hot]);
        balance
    }

    #[test]
    fn even_and_empty_partitions_are_healthy() {
        let empty = (Verdict::Healthy, Reason::Empty, Advice::None);
        let balance = check(&[Load::default(); 100], &[], empty, 0);
        assert_eq!((balance.gini, balance.max_over_mean), (0.0, 0.0));
        check(&[], &[], empty, 0);
        let even = (Verdict::Healthy, Reason::Balanced, Advice::None);
        let balance = check(&[load(50, 5_000); 100], &[document(3, 5_000)], even, 0);
        assert!(balance.gini < 1e-9 && (balance.max_over_mean - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_thresholds_are_met_exactly() {
        let uneven = |chunks| {
            let mut loads = [load(50, 10_000); 100];
            (loads[0].chunks, loads[1].chunks) = (chunks, 20_000 - chunks);
            loads
        };
        let even = (Verdict::Healthy, Reason::Balanced, Advice::None);
        check(&uneven(11_000), &[], even, 0);
        let warning = (Verdict::Warning, Reason::SizesUneven, Advice::Wait);
        check(&uneven(11_001), &[], warning, 0);
        check(&uneven(12_000), &[], warning, 0);
        let critical = (Verdict::Critical, Reason::SizesUneven, Advice::MoveDocument);
        check(&uneven(12_001), &[document(0, 1_000)], critical, 0);
    }

    #[test]
    fn a_few_equal_documents_are_too_few() {
        let mut loads = [Load::default(); 100];
        loads[..50].fill(load(1, 30));
        let few = (Verdict::Healthy, Reason::TooFewDocuments, Advice::Wait);
        let balance = check(&loads, &[document(0, 30)], few, 0);
        assert!((balance.max_over_mean - 2.0).abs() < 1e-9);
        assert!((balance.gini - 0.5).abs() < 1e-9);
        // A single document is as large as the mean document.
        let mut loads = [Load::default(); 100];
        loads[7] = load(1, 1_000_000);
        let balance = check(&loads, &[document(7, 1_000_000)], few, 0);
        assert!((balance.gini - 0.99).abs() < 1e-9);
    }

    #[test]
    fn a_document_of_half_of_all_is_named_and_no_place_is_better() {
        let mut loads = [load(30, 100); 100];
        loads[42] = load(31, 10_100);
        let critical = (Verdict::Critical, Reason::LargeDocuments, Advice::None);
        let largest = [document(42, 10_000), document(1, 4)];
        check(&loads, &largest, critical, 1);
        // Whether there are few documents or many, this one is too large.
        let mut loads = [load(1, 10); 100];
        loads[42].chunks += 1_000;
        check(&loads, &[document(42, 1_000)], critical, 1);
    }

    #[test]
    fn a_large_document_that_would_fit_elsewhere_is_to_be_moved() {
        let mut loads = [load(30, 9_900); 100];
        loads[42] = load(31, 14_000);
        let critical = (
            Verdict::Critical,
            Reason::LargeDocuments,
            Advice::MoveDocument,
        );
        check(
            &loads,
            &[document(42, 4_000), document(5, 4_000)],
            critical,
            1,
        );
    }

    #[test]
    fn a_document_whose_other_candidate_is_no_lighter_stays() {
        let large = |advice| (Verdict::Critical, Reason::LargeDocuments, advice);
        let mut loads = [load(30, 9_900); 100];
        loads[42] = load(31, 14_000);
        for (other, advice) in [
            (9_999, Advice::MoveDocument),
            (10_000, Advice::None),
            (14_000, Advice::None),
        ] {
            loads[43] = load(30, other);
            check(&loads, &[document(42, 4_000)], large(advice), 1);
        }
        let uneven = |advice| (Verdict::Critical, Reason::SizesUneven, advice);
        let mut loads = [load(30, 9_900); 100];
        loads[42] = load(30, 12_500);
        for (other, advice) in [(11_499, Advice::MoveDocument), (11_500, Advice::Wait)] {
            loads[43] = load(30, other);
            check(&loads, &[document(42, 1_000)], uneven(advice), 0);
        }
        // A document of a partition that is not hot does not help the hot one.
        check(&loads, &[document(7, 1_000)], uneven(Advice::Wait), 0);
    }

    #[test]
    fn uneven_numbers_of_documents_are_distinguished_from_uneven_sizes() {
        let mut loads = [load(30, 3_000); 100];
        loads[1] = load(60, 6_000);
        let critical = (
            Verdict::Critical,
            Reason::DocumentsUneven,
            Advice::MoveDocument,
        );
        check(&loads, &[document(1, 150)], critical, 0);
    }
}
