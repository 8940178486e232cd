//! Everything that an import says about a file: one function for each code, in English and in Vietnamese.
//!
//! Notes are made here and nowhere else, so that whoever reads them finds both languages; a test holds the code to it.

use std::fmt::Display;

use super::frames::Note;

fn note(code: &str, en: String, vi: String) -> Note {
    Note { code: code.into(), message: en, message_vi: vi, count: 1 }
}

/// What GDAL complains about, in its own words.
pub fn gdal(said: String) -> Note {
    let vi = format!("GDAL báo: {said}");
    note("gdal", said, vi)
}

/// A part of the source that cannot be read.
pub fn not_read(why: &impl Display) -> Note {
    note("not_read", why.to_string(), format!("có phần không đọc được: {why}"))
}

pub fn no_attributes(file: &str) -> Note {
    note(
        "no_attributes",
        format!("`{file}` has no `.dbf` file beside it: geometries only"),
        format!("`{file}` không có tệp `.dbf` đi cùng: chỉ có hình, không có thuộc tính"),
    )
}

pub fn no_geometry(file: &str) -> Note {
    note(
        "no_geometry",
        format!("`{file}` belongs to a shapefile whose `.shp` file is missing: attributes only"),
        format!("`{file}` thuộc một shapefile thiếu tệp `.shp`: chỉ có thuộc tính, không có hình"),
    )
}

/// The file says another encoding than its text is in, or none.
pub fn encoding_detected(declared: Option<&str>, found: &str) -> Note {
    let en = declared.map_or("does not say its encoding".into(), |d| format!("says `{d}`"));
    let vi = declared.map_or("không ghi bảng mã".into(), |d| format!("ghi là `{d}`"));
    note(
        "encoding_detected",
        format!("the file {en}; its text reads as {found}"),
        format!("tệp {vi}; chữ đọc đúng theo {found}"),
    )
}

/// Text that a program read as Latin letters and wrote as Unicode.
pub fn encoding_behind(found: &str) -> Note {
    note(
        "encoding_detected",
        format!("the text was {found} that a program read as Latin letters; it is read as {found}"),
        format!("chữ vốn là {found} nhưng đã bị một chương trình đọc nhầm thành chữ Latinh; được đọc lại theo {found}"),
    )
}

pub fn column_renamed(field: &str, column: &str) -> Note {
    note(
        "column_renamed",
        format!("field `{field}` is stored in the column `{column}`"),
        format!("trường `{field}` được lưu trong cột `{column}`"),
    )
}

pub fn column_named(field: &str, column: &str) -> Note {
    note(
        "column_named",
        format!(
            "field `{field}` is column `{column}` in PostgreSQL, whose names are at most 63 bytes, distinct, and not `fid` or `geom`"
        ),
        format!(
            "trường `{field}` là cột `{column}` trong PostgreSQL, vì tên cột dài tối đa 63 byte, không trùng nhau và không phải `fid` hay `geom`"
        ),
    )
}

pub fn one_geometry() -> Note {
    note(
        "one_geometry",
        "the layer has several geometries for each row; the first is read".into(),
        "mỗi dòng của lớp có nhiều hình; chỉ hình đầu tiên được đọc".into(),
    )
}

pub fn points_of_columns(east: &str, north: &str) -> Note {
    note("points_of_columns", of_columns(east, north), of_columns_vi(east, north))
}

/// As in Vietnamese tables.
pub fn x_is_northing(east: &str, north: &str) -> Note {
    note("x_is_northing", of_columns(east, north), of_columns_vi(east, north))
}

fn of_columns(east: &str, north: &str) -> String {
    format!("points are made of the columns `{east}` (east) and `{north}` (north)")
}

fn of_columns_vi(east: &str, north: &str) -> String {
    format!("điểm được tạo từ cột `{east}` (hướng đông) và cột `{north}` (hướng bắc)")
}

pub fn xy_exchanged() -> Note {
    note(
        "xy_exchanged",
        "the coordinates lie in Vietnam only with x and y exchanged, and so they are read".into(),
        "tọa độ chỉ nằm trong Việt Nam khi đổi chỗ x và y, nên được đọc như vậy".into(),
    )
}

pub fn crs_deprecated(old: i32, new: i32) -> Note {
    note(
        "crs_deprecated",
        format!("EPSG:{old} is deprecated, its false easting and northing are exchanged; read as EPSG:{new}"),
        format!("EPSG:{old} đã bị bãi bỏ vì ghi ngược độ dời đông và bắc; được đọc theo EPSG:{new}"),
    )
}

pub fn crs_vn2000(name: &str, datum: &str, code: i32) -> Note {
    note(
        "crs_vn2000",
        format!("`{name}` (datum `{datum}`) has the parameters of VN-2000; read as EPSG:{code}"),
        format!("`{name}` (hệ quy chiếu `{datum}`) có các tham số của VN-2000; được đọc theo EPSG:{code}"),
    )
}

pub fn crs_names_files(name: &str) -> Note {
    note(
        "crs_names_files",
        format!("`{name}` takes its shift from a file, and no file is opened for a source"),
        format!(
            "`{name}` lấy tham số chuyển đổi từ một tệp khác, mà chương trình không mở tệp nào theo lời của tệp nguồn"
        ),
    )
}

pub fn crs_custom(name: &str) -> Note {
    note(
        "crs_custom",
        format!("`{name}` is in no database of coordinate systems; it is kept as the file defines it"),
        format!("`{name}` không có trong danh mục hệ tọa độ nào; được giữ nguyên như tệp định nghĩa"),
    )
}

/// `shift`: the seven parameters, in the signs of TOWGS84.
pub fn crs_shift_overruled(shift: [f64; 7], code: i32) -> Note {
    note(
        "crs_shift_overruled",
        format!("the file's own shift to WGS 84 ({shift:?}) is overruled by that of EPSG:{code}"),
        format!("tham số chuyển sang WGS 84 ghi trong tệp ({shift:?}) được thay bằng tham số của EPSG:{code}"),
    )
}

pub fn crs_impossible(name: &str) -> Note {
    note(
        "crs_impossible",
        format!("the file says `{name}`, but its coordinates are no degrees"),
        format!("tệp ghi là `{name}`, nhưng tọa độ không phải là độ"),
    )
}

pub fn crs_doubtful(name: &str, better: i32) -> Note {
    note(
        "crs_doubtful",
        format!(
            "the file says `{name}`, which puts all of it outside of Vietnam; EPSG:{better} puts all of it into the project area"
        ),
        format!(
            "tệp ghi là `{name}`, nhưng theo hệ đó mọi đối tượng nằm ngoài Việt Nam; theo EPSG:{better} thì tất cả nằm trong vùng dự án"
        ),
    )
}

pub fn crs_overruled(own: &str, given: &str) -> Note {
    note(
        "crs_overruled",
        format!("the file says `{own}`; read as {given} because that was asked for"),
        format!("tệp ghi là `{own}`; được đọc theo {given} như yêu cầu"),
    )
}

pub fn crs_by_names() -> Note {
    note(
        "crs_by_names",
        "the columns' names and values say longitude and latitude; read as EPSG:4326".into(),
        "tên và giá trị của các cột cho biết đó là kinh độ, vĩ độ; được đọc theo EPSG:4326".into(),
    )
}

/// Values of 16 bits that become black and white.
pub fn values_stretched(low: u16, high: u16) -> Note {
    note(
        "values_stretched",
        format!("values of 16 bits are shown from {low} (black) to {high} (white)"),
        format!("giá trị 16 bit được hiển thị từ {low} (đen) đến {high} (trắng)"),
    )
}

pub fn nfc_normalised() -> Note {
    note(
        "nfc_normalised",
        "texts had letters in parts (NFD) and were composed (NFC)".into(),
        "chữ có dấu viết rời (NFD) đã được ghép lại thành chữ dựng sẵn (NFC)".into(),
    )
}

pub fn curves_linearised() -> Note {
    note(
        "curves_linearised",
        "curves were turned into lines of short pieces".into(),
        "đường cong đã được đổi thành các đoạn thẳng ngắn".into(),
    )
}

pub fn surfaces_to_polygons() -> Note {
    note(
        "surfaces_to_polygons",
        "surfaces and triangles were turned into polygons".into(),
        "bề mặt và tam giác đã được đổi thành vùng".into(),
    )
}

pub fn heights_added() -> Note {
    note(
        "heights_added",
        "geometries without heights or measures got zero, because others have them".into(),
        "hình không có độ cao hay số đo được ghi là 0, vì các hình khác trong lớp có".into(),
    )
}

pub fn heights_dropped() -> Note {
    note(
        "heights_dropped",
        "geometries had heights or measures, which were left out as asked".into(),
        "hình có độ cao hay số đo, đã được bỏ theo yêu cầu".into(),
    )
}

/// By an import that adds to a layer.
pub fn heights_not_in_layer() -> Note {
    note(
        "heights_dropped",
        "the layer has no heights; those of the file are left out".into(),
        "lớp không có độ cao; độ cao trong tệp được bỏ".into(),
    )
}

pub fn heights_kept() -> Note {
    note("heights_kept", "heights are kept".into(), "độ cao được giữ lại".into())
}

pub fn measures_lost() -> Note {
    note(
        "measures_lost",
        "polygons that were mended have lost their measures (M), which are 0 now".into(),
        "các vùng đã sửa bị mất số đo (M), nay là 0".into(),
    )
}

pub fn ids_renumbered() -> Note {
    note(
        "ids_renumbered",
        "the source's feature ids are not unique; features are numbered from 1 in the order of the source".into(),
        "mã đối tượng trong tệp bị trùng; đối tượng được đánh số từ 1 theo thứ tự trong tệp".into(),
    )
}

/// `some`: the most frequent of the labels.
pub fn land_use_unknown(field: &str, some: &[&str]) -> Note {
    let some = some.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
    note(
        "land_use_unknown",
        format!("land-use labels of `{field}` that are in no official list, among them {some}"),
        format!("nhãn loại đất ở trường `{field}` không có trong danh mục chính thức, trong đó có {some}"),
    )
}

pub fn not_checked(why: &impl Display, layer: &str) -> Note {
    note(
        "not_checked",
        format!("there is no quality report: {why}; `dothi layers quality {layer} --check` makes one"),
        format!("chưa có báo cáo chất lượng: {why}; lệnh `dothi layers quality {layer} --check` sẽ lập báo cáo"),
    )
}

/// Pixels by which control points are off (root mean square, the worst, its pixel), none where nothing tells; `metres` across
/// a pixel.
pub fn control_points(n: usize, order: i32, off: Option<[f64; 4]>, metres: Option<f64>) -> Note {
    let en = format!("it lies by {n} control points, through a polynomial of order {order}");
    let vi = format!("ảnh được nắn theo {n} điểm khống chế, bằng đa thức bậc {order}");
    let Some([mean, most, column, line]) = off else {
        return note(
            "control_points",
            format!("{en}, which fits so few always: nothing tells whether they are right"),
            format!("{vi}; với ít điểm như vậy luôn khớp, nên không kiểm tra được điểm nào đúng sai"),
        );
    };
    let metres = |pixels: f64| metres.map_or(String::new(), |metres| format!(" ({:.2} m)", pixels * metres));
    let (m, w) = (metres(mean), metres(most));
    note(
        "control_points",
        format!(
            "{en}; they are off by {mean:.2} pixels{m} (root mean square), the one at pixel {column}, {line} by {most:.2}{w}"
        ),
        format!("{vi}; sai số trung phương {mean:.2} điểm ảnh{m}, lớn nhất ở điểm ảnh {column}, {line}: {most:.2}{w}"),
    )
}

/// A picture beside features.
pub fn raster_left_out(why: &impl Display) -> Note {
    note("raster_left_out", format!("a picture was left out: {why}"), format!("có ảnh không được nhập: {why}"))
}

pub fn rasters_left_out(more: usize) -> Note {
    note(
        "raster_left_out",
        format!("{more} more pictures were left out for reasons of the kind"),
        format!("còn {more} ảnh khác không được nhập vì lý do tương tự"),
    )
}

pub fn more_notes() -> Note {
    note(
        "more_notes",
        "there is more to say than is listed".into(),
        "còn những ghi chú khác không liệt kê ở đây".into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Note> {
        vec![
            gdal("`thửa.dxf` is odd".into()),
            not_read(&"`a.shp` is damaged"),
            no_attributes("thửa.shp"),
            no_geometry("thửa.dbf"),
            encoding_detected(Some("1252"), "TCVN3"),
            encoding_behind("VNI"),
            column_renamed("Mã đất", "ma_dat"),
            column_named("fid", "fid_2"),
            one_geometry(),
            points_of_columns("Y", "X"),
            x_is_northing("Y (m)", "X (m)"),
            xy_exchanged(),
            crs_deprecated(6956, 5896),
            crs_vn2000("Tự đặt", "WGS84", 9217),
            crs_names_files("lưới"),
            crs_custom("riêng"),
            crs_shift_overruled([1.5; 7], 9217),
            crs_impossible("WGS 84"),
            crs_doubtful("VN-2000", 9217),
            crs_overruled("WGS 84", "EPSG:9217"),
            crs_by_names(),
            values_stretched(12, 3400),
            nfc_normalised(),
            curves_linearised(),
            surfaces_to_polygons(),
            heights_added(),
            heights_dropped(),
            heights_not_in_layer(),
            heights_kept(),
            measures_lost(),
            ids_renumbered(),
            land_use_unknown("maDat", &["XYZ", "ABC"]),
            not_checked(&"the disk is full", "thua_dat"),
            control_points(12, 2, Some([0.51, 1.25, 120.0, 80.0]), Some(0.5)),
            raster_left_out(&"`a.jpg` lies nowhere"),
            rasters_left_out(37),
            more_notes(),
        ]
    }

    #[test]
    fn every_note_says_the_same_in_both_languages() {
        let functions = include_str!("notes.rs").lines().filter(|line| line.starts_with("pub fn ")).count();
        assert_eq!(all().len(), functions, "a function of this file is not in the list above");
        let values = |text: &str| {
            let mut numbers: Vec<String> = text
                .split(|c: char| !c.is_ascii_digit())
                .filter(|n| n.len() > 1)
                .chain(text.split('`').skip(1).step_by(2))
                .map(String::from)
                .collect();
            numbers.sort();
            numbers
        };
        for Note { code, message, message_vi, .. } in all() {
            assert_eq!(values(&message), values(&message_vi), "{code}: {message} / {message_vi}");
            assert!(!message_vi.is_ascii() && message != message_vi, "{code}: {message_vi}");
            assert!(unicode_normalization::is_nfc(&message_vi), "{code}");
        }
    }
}
