-- Quotas of tenants, and their use. For a tenant with a quota the store counts documents, bytes of the
-- sources of all stored versions, and unfinished uploads. Bytes are reserved 64 MiB at a time, so that
-- a batch of an upload rarely updates the count.
ALTER TABLE tenants
    -- NULL means no limit.
    ADD COLUMN documents_max bigint,
    ADD COLUMN bytes_max bigint,
    ADD COLUMN uploads_max bigint,
    -- Whether the store counts the tenant's use, which it does if the tenant has a quota.
    ADD COLUMN is_counted boolean NOT NULL DEFAULT false,
    ADD COLUMN documents bigint NOT NULL DEFAULT 0,
    ADD COLUMN bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN uploads bigint NOT NULL DEFAULT 0;

-- The share of its tenant's bytes that the version holds. During the upload it is more than the
-- source's length so far, afterwards exactly that length.
ALTER TABLE versions ADD COLUMN reserved_bytes bigint NOT NULL DEFAULT 0;

-- The bytes to reserve for a version, given its reservation and its need: the next 64 MiB, or the rest
-- of the tenant's quota.
CREATE FUNCTION quota_grant(whose text, reserved bigint, needed bigint) RETURNS bigint
LANGUAGE sql STABLE
RETURN greatest(needed, least(
    (needed / 67108864 + 1) * 67108864,
    (SELECT reserved + bytes_max - bytes FROM tenants WHERE tenant_id = whose AND is_counted)
));

-- Counts the use of a tenant. A quota is checked only when a count grows.
CREATE FUNCTION quota_count(whose text, documents_more bigint, bytes_more bigint, uploads_more bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    crossed text;
BEGIN
    -- A transaction that sets a quota waits for transactions that have not counted yet, and counts
    -- their changes.
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

-- Deferred to the commit. A transaction locks the tenant's row only then, after all other rows, so that
-- transactions never wait in a ring. A batch, which commits often, sets none of these columns.
CREATE CONSTRAINT TRIGGER documents_quota AFTER INSERT OR UPDATE OF deleted_at ON documents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quota_of_document();
CREATE CONSTRAINT TRIGGER versions_quota AFTER INSERT OR DELETE OR UPDATE OF reserved_bytes ON versions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quota_of_version();
CREATE CONSTRAINT TRIGGER uploads_quota AFTER INSERT OR UPDATE OF state ON uploads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION quota_of_upload();
