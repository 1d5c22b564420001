-- Quotas of tenants, and their use. For a tenant with a quota the store counts documents, bytes of the
-- sources of all stored versions, and unfinished uploads. Bytes are reserved 64 MiB at a time, so that
-- a batch of an upload rarely updates the count. A NULL maximum means no limit. Only a tenant with a
-- quota is counted.
ALTER TABLE tenants ADD COLUMN documents_max INTEGER;
ALTER TABLE tenants ADD COLUMN bytes_max INTEGER;
ALTER TABLE tenants ADD COLUMN uploads_max INTEGER;
ALTER TABLE tenants ADD COLUMN is_counted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN documents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN uploads INTEGER NOT NULL DEFAULT 0;

-- The share of its tenant's bytes that the version holds. During the upload it is more than the
-- source's length so far, afterwards exactly that length.
ALTER TABLE versions ADD COLUMN reserved_bytes INTEGER NOT NULL DEFAULT 0;

-- A quota is checked only when a count grows. The error is the name of the quota.
CREATE TRIGGER tenants_documents_max BEFORE UPDATE OF documents ON tenants
WHEN OLD.is_counted AND NEW.documents > OLD.documents AND NEW.documents > NEW.documents_max
BEGIN SELECT RAISE(ABORT, 'quota documents'); END;
CREATE TRIGGER tenants_bytes_max BEFORE UPDATE OF bytes ON tenants
WHEN OLD.is_counted AND NEW.bytes > OLD.bytes AND NEW.bytes > NEW.bytes_max
BEGIN SELECT RAISE(ABORT, 'quota bytes'); END;
CREATE TRIGGER tenants_uploads_max BEFORE UPDATE OF uploads ON tenants
WHEN OLD.is_counted AND NEW.uploads > OLD.uploads AND NEW.uploads > NEW.uploads_max
BEGIN SELECT RAISE(ABORT, 'quota uploads'); END;

CREATE TRIGGER documents_made AFTER INSERT ON documents BEGIN
    UPDATE tenants SET documents = documents + 1 WHERE tenant_id = NEW.tenant AND is_counted;
END;
CREATE TRIGGER documents_deleted AFTER UPDATE OF deleted_at ON documents
WHEN OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL BEGIN
    UPDATE tenants SET documents = documents - 1 WHERE tenant_id = NEW.tenant AND is_counted;
END;
CREATE TRIGGER versions_made AFTER INSERT ON versions BEGIN
    UPDATE tenants SET bytes = bytes + NEW.reserved_bytes
    WHERE is_counted AND tenant_id = (SELECT tenant FROM documents WHERE uid = NEW.document_uid);
END;
CREATE TRIGGER versions_resized AFTER UPDATE OF reserved_bytes ON versions
WHEN NEW.reserved_bytes <> OLD.reserved_bytes BEGIN
    UPDATE tenants SET bytes = bytes + NEW.reserved_bytes - OLD.reserved_bytes
    WHERE is_counted AND tenant_id = (SELECT tenant FROM documents WHERE uid = NEW.document_uid);
END;
CREATE TRIGGER versions_removed AFTER DELETE ON versions BEGIN
    UPDATE tenants SET bytes = bytes - OLD.reserved_bytes
    WHERE is_counted AND tenant_id = (SELECT tenant FROM documents WHERE uid = OLD.document_uid);
END;
CREATE TRIGGER uploads_begun AFTER INSERT ON uploads BEGIN
    UPDATE tenants SET uploads = uploads + 1 WHERE tenant_id = NEW.tenant AND is_counted;
END;
CREATE TRIGGER uploads_over AFTER UPDATE OF state ON uploads
WHEN OLD.state = 'RUNNING' AND NEW.state <> 'RUNNING' BEGIN
    UPDATE tenants SET uploads = uploads - 1 WHERE tenant_id = NEW.tenant AND is_counted;
END;
