//! The laws of the contract in one list, so that none is kept by one store only. To add one: a function
//! in its noun's file, and a line here.

/// Hands every law to a macro that makes tests of them.
macro_rules! laws {
    ($contract:ident) => {
        $contract!(
            audit::ends_that_are_forged_or_taken_off_are_noticed,
            audit::entries_are_appended_once_and_listed_by_tenant_and_time,
            audit::what_is_old_is_forgotten_and_the_rest_is_still_proved,
            changes::digests_are_those_of_the_chunks,
            changes::each_change_of_a_current_version_is_told,
            changes::operations_are_listed_newest_first,
            collections::a_collection_is_created_once,
            collections::an_update_needs_the_newest_revision,
            collections::the_default_is_created_with_its_first_upload,
            imports::an_import_is_an_upload_of_a_file_started_once,
            imports::running_imports_are_listed_the_oldest_first,
            imports::the_lease_of_imports_is_not_that_of_jobs,
            jobs::a_deleted_collection_takes_its_documents_with_it,
            jobs::a_deleted_document_is_gone_at_once_and_its_chunks_soon,
            jobs::a_lease_that_is_given_back_is_had_by_who_asks_next,
            jobs::an_old_version_is_swept_after_its_time_and_no_other,
            jobs::only_the_newest_fence_works,
            jobs::what_nobody_goes_on_with_fails_and_what_is_old_is_forgotten,
            keys::a_key_is_found_until_it_is_revoked_or_its_tenant_disabled,
            keys::a_tenant_is_created_once_and_deleted_when_it_is_empty,
            keys::keys_are_listed_and_operators_known,
            moves::a_document_deleted_while_it_moves_leaves_nothing,
            moves::a_move_waits_for_the_one_before,
            moves::a_moved_document_reads_the_same_and_nothing_is_left,
            moves::an_upload_that_runs_meanwhile_ends_with_all_its_rows,
            moves::nothing_is_swept_while_a_document_moves_and_nothing_forgotten_too_early,
            moves::only_the_newest_fence_moves,
            partitions::a_document_is_where_its_row_says_and_weighs_what_it_says,
            partitions::the_hundred_partitions_equal_a_recount,
            quotas::an_upload_that_crosses_a_quota_goes_on_once_there_is_room,
            quotas::what_a_tenant_keeps_is_counted_from_the_first_quota_on,
            quotas::what_would_cross_a_quota_is_refused_whole,
            rechunks::a_rechunk_is_decoded_as_its_source_was,
            rechunks::a_rechunk_is_in_no_upload_s_way,
            rechunks::a_rechunk_is_started_once,
            rechunks::a_rechunk_keeps_the_policy_of_its_source,
            rechunks::running_rechunks_are_listed_the_oldest_first,
            rechunks::what_a_rechunk_reads_is_kept_until_it_ends,
            tenants::another_tenant_sees_nothing,
            tenants::another_tenant_changes_nothing,
            tenants::tenants_share_names_and_uids_without_meeting,
            uploads::a_batch_replayed_changes_nothing,
            uploads::a_version_becomes_current_at_its_end,
            uploads::an_upload_s_preferences_are_merged_over_its_collection_s,
            uploads::an_unfinished_upload_is_superseded_and_a_failed_one_is_never_current,
            uploads::an_upload_started_twice_is_one,
            uploads::only_the_newest_writer_commits,
            uploads::writers_that_attach_at_once_have_different_epochs,
        );
    };
}

pub(crate) use laws;
