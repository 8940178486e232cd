"""How the files of scripts/hostile.py are put together."""

import io
import sqlite3
import zipfile

CONTENTS = "CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, description TEXT, last_change TEXT, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);"


def packed(*entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in entries:
            z.writestr(name, data)
    return out.getvalue()


def link(name, target):
    """An entry of an archive that is a link."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry, str(target)


def geopackage(path, system, script, *statements):
    """The bytes of a GeoPackage with one coordinate system (the values of its row), made at `path` for a moment. A statement may
    come with its values."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.executescript(
        "PRAGMA application_id=1196444487; PRAGMA user_version=10200;"
        "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER, definition TEXT, description TEXT);"
        f"INSERT INTO gpkg_spatial_ref_sys VALUES ({system});" + script
    )
    for statement in statements:
        db.execute(*([statement] if isinstance(statement, str) else statement))
    db.commit()
    db.close()
    made = path.read_bytes()
    path.unlink()
    return made
