//! `sluice limits`: the use of the limits by each principal.

use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::json::fields::word;
use crate::cli::terminal::output::{Format, line};
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::limit_service_client::LimitServiceClient;

/// More rows than any server returns.
const PAGE_ROWS: i32 = 1_000;

/// Show how much of each limit is used, the most used first.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = LimitServiceClient::new(arguments.common.server.channel()?);
    let request = pb::GetLimitsStatusRequest {
        page_size: PAGE_ROWS,
    };
    let response = client.get_limits_status(request).await;
    let response = response
        .map_err(|status| explain(status.into()))?
        .into_inner();
    let columns = [
        Column::of("principal", 24),
        Column::of("limit", 12),
        Column::of("used", 12),
        Column::of("most", 12),
        Column::of("per_second", 14),
        Column::of("full_after_ms", 14),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    let backend = response.backend();
    let instances = response.instances;
    for usage in response.usages {
        let mut fields = json::limits::usage(usage);
        fields.insert(
            "backend".to_owned(),
            word(backend.as_str_name(), "BACKEND_"),
        );
        fields.insert("instances".to_owned(), instances.into());
        table.row(&fields)?;
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
            "counted by each instance separately: Redis does not answer"
        }
        pb::get_limits_status_response::Backend::Alone
        | pb::get_limits_status_response::Backend::Unspecified => "counted by this instance alone",
    }
}
