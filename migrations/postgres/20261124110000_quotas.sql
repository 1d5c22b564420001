-- What a tenant may keep, and what it keeps: of a tenant with a quota the store counts its documents, the
-- bytes of its sources in all versions that are there, and its uploads that are not finished.
-- Bytes are reserved 64 MiB at a time, so that a batch of an upload rarely touches the count.
ALTER TABLE tenants
    -- None: as much as it likes.
    ADD COLUMN documents_max bigint,
    ADD COLUMN bytes_max bigint,
    ADD COLUMN uploads_max bigint,
    -- Whether it is counted: it has a quota.
    ADD COLUMN is_counted boolean NOT NULL DEFAULT false,
    ADD COLUMN documents bigint NOT NULL DEFAULT 0,
    ADD COLUMN bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN uploads bigint NOT NULL DEFAULT 0;

-- What of its tenant's bytes is the version's: more than it has while it is made, then just that.
ALTER TABLE versions ADD COLUMN reserved_bytes bigint NOT NULL DEFAULT 0;

-- How much to reserve for a version that has so much and needs so much: the next 64 MiB, or what the
-- tenant has left of them.
CREATE FUNCTION quota_grant(whose text, reserved bigint, needed bigint) RETURNS bigint
LANGUAGE sql STABLE
RETURN greatest(needed, least(
    (needed / 67108864 + 1) * 67108864,
    (SELECT reserved + bytes_max - bytes FROM tenants WHERE tenant_id = whose AND is_counted)
));

-- Counts what a tenant keeps. Its quotas are judged where something grows.
CREATE FUNCTION quota_count(whose text, documents_more bigint, bytes_more bigint, uploads_more bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    crossed text;
BEGIN
    -- Whoever sets a quota waits for those that have not counted by it, and counts what they did.
    PERFORM pg_advisory_xact_lock_shared(64, hashtext(whose));
    UPDATE tenants
    SET documents = documents + documents_more, bytes = bytes + bytes_more,
        uploads = uploads + uploads_more
    WHERE tenant_id = whose AND is_counted
    RETURNING CASE
        WHEN documents_more > 0 AND documents > documents_max THEN 'documents'
        WHEN bytes_more > 0 AND bytes > bytes_max THEN 'bytes'
        WHEN uploads_more > 0 AND uploads > uploads_max THEN 'uploads'
    END INTO crossed;
    IF crossed IS NOT NULL THEN
        RAISE EXCEPTION '%', crossed USING ERRCODE = 'SLQ01';
    END IF;
END $$;

CREATE FUNCTION quota_of_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM quota_count(NEW.tenant, 1, 0, 0);
    ELSIF OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN
        PERFORM quota_count(NEW.tenant, -1, 0, 0);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION quota_of_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more bigint := coalesce(NEW.reserved_bytes, 0) - coalesce(OLD.reserved_bytes, 0);
    document uuid := coalesce(NEW.document_uid, OLD.document_uid);
BEGIN
    IF more <> 0 THEN
        PERFORM quota_count(tenant, 0, more, 0) FROM documents WHERE uid = document;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION quota_of_upload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM quota_count(NEW.tenant, 0, 0, 1);
    ELSIF OLD.state = 'RUNNING' AND NEW.state <> 'RUNNING' THEN
        PERFORM quota_count(NEW.tenant, 0, 0, -1);
    END IF;
    RETURN NULL;
END $$;

-- Deferred to the commit: a tenant's row is held for no longer than that, and as the last of all
-- rows, so that none waits in a ring. What commits again and again, a batch, sets none of these columns.
CREATE CONSTRAINT TRIGGER documents_quota AFTER INSERT OR UPDATE OF deleted_at ON documents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quota_of_document();
CREATE CONSTRAINT TRIGGER versions_quota AFTER INSERT OR DELETE OR UPDATE OF reserved_bytes ON versions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quota_of_version();
CREATE CONSTRAINT TRIGGER uploads_quota AFTER INSERT OR UPDATE OF state ON uploads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quota_of_upload();
