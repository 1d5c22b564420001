//! `sluice limits`: what is used of the limits, and by whom.

use clap::Args;
use serde_json::json;

use crate::cli::common::Common;
use crate::cli::output::{Format, Table, line};
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::limit_service_client::LimitServiceClient;

/// More than any server tells.
const PAGE_ROWS: i32 = 1_000;

/// Shows what is used of the limits, the most used first.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = LimitServiceClient::new(arguments.common.server.channel()?);
    let request = pb::GetLimitsStatusRequest {
        page_size: PAGE_ROWS,
    };
    let told = client.get_limits_status(request).await;
    let told = told.map_err(|status| said(status.into()))?.into_inner();
    let columns = [
        ("principal", 24),
        ("limit", 12),
        ("used", 12),
        ("most", 12),
        ("per_second", 14),
        ("whole_after_ms", 14),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let backend = told.backend();
    for usage in told.usages {
        let pb::LimitUsage {
            principal,
            limit,
            used,
            most,
            per_second,
            whole_after,
        } = usage;
        let whole_after_ms =
            whole_after.map(|after| after.seconds * 1_000 + i64::from(after.nanos) / 1_000_000);
        table.row(&[
            json!(principal),
            json!(limit),
            json!(used),
            json!(most),
            json!(per_second),
            json!(whole_after_ms),
        ])?;
    }
    table.finish()?;
    if arguments.common.output == Format::Table {
        line(backend_in_words(backend))?;
    }
    Ok(())
}

fn backend_in_words(backend: pb::get_limits_status_response::Backend) -> &'static str {
    match backend {
        pb::get_limits_status_response::Backend::Shared => "counted by all instances together",
        pb::get_limits_status_response::Backend::Apart => {
            "counted by each instance for itself: Redis does not answer"
        }
        pb::get_limits_status_response::Backend::Alone
        | pb::get_limits_status_response::Backend::Unspecified => "counted by this instance alone",
    }
}
