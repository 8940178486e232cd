//! What the API definition says, in Vietnamese. It is written in English, for programs; its page is for people.

use super::super::format::Lang;

/// English and Vietnamese; `{}` stands for a name, which stays as it is.
const WORDS: &[(&str, &str)] = &[
    // operations
    ("The landing page", "Trang mở đầu"),
    ("Conformance classes", "Các chuẩn được đáp ứng"),
    ("This document", "Tài liệu này"),
    ("Functions that filters may call", "Các hàm dùng được trong bộ lọc"),
    ("The version of every layer; as events, every new one", "Phiên bản của mọi lớp; dạng sự kiện: mỗi phiên bản mới"),
    ("Every layer's version, then every new one", "Phiên bản của từng lớp, rồi mỗi phiên bản mới"),
    ("The layers", "Các lớp dữ liệu"),
    ("API definition of {}", "Mô tả API của {}"),
    ("Features of {}", "Đối tượng của {}"),
    ("A feature of {}", "Một đối tượng của {}"),
    ("All of {}, as a file", "Toàn bộ {}, dạng tệp"),
    ("What features are made of: {}", "Cấu trúc đối tượng: {}"),
    ("What filters may name: {}", "Trường dùng để lọc: {}"),
    ("What orders may name: {}", "Trường dùng để sắp xếp: {}"),
    (
        "Quality report of {}: counts and areas by element of ISO 19157",
        "Báo cáo chất lượng của {}: số lượng và diện tích theo thành phần của ISO 19157",
    ),
    ("Every issue of {} with its place", "Từng vấn đề của {} kèm vị trí"),
    ("Create a feature, or all of a collection of features", "Thêm một đối tượng, hoặc cả một tập đối tượng"),
    ("Replace a feature", "Thay một đối tượng"),
    ("Change parts of a feature (RFC 7396)", "Sửa một phần của đối tượng (RFC 7396)"),
    ("Delete a feature", "Xóa một đối tượng"),
    ("Every change after a version, in order", "Mọi thay đổi sau một phiên bản, theo thứ tự"),
    ("Changes as they come", "Thay đổi ngay khi xảy ra"),
    ("What became of a feature, the newest first", "Lịch sử một đối tượng, mới nhất trước"),
    ("Tile matrix sets", "Các lưới ô"),
    ("A tile matrix set", "Một lưới ô"),
    ("Tilesets", "Các bộ ô"),
    ("A tileset", "Một bộ ô"),
    ("A vector tile", "Một ô vectơ"),
    ("Tilesets of a raster", "Các bộ ô của lớp ảnh"),
    ("A tileset of a raster", "Một bộ ô của lớp ảnh"),
    ("A tile of a raster", "Một ô của lớp ảnh"),
    ("Styles", "Các kiểu hiển thị"),
    ("Styles of a layer", "Kiểu hiển thị của một lớp"),
    ("A MapLibre style", "Một kiểu MapLibre"),
    ("About a style", "Thông tin về một kiểu"),
    ("Add a style", "Thêm một kiểu"),
    ("Replace a style", "Thay một kiểu"),
    ("Delete a style", "Xóa một kiểu"),
    ("The catalogue of records", "Danh mục siêu dữ liệu"),
    ("Records of layers", "Siêu dữ liệu của các lớp"),
    ("The record of a layer", "Siêu dữ liệu của một lớp"),
    // parameters
    ("{}: features that have this value", "{}: đối tượng có giá trị này"),
    ("A condition in CQL2 (OGC 21-065r2)", "Điều kiện viết bằng CQL2 (OGC 21-065r2)"),
    ("A layer", "Một lớp"),
    ("A layer that is a raster", "Một lớp ảnh"),
    ("A style: `default`, a layer's id, another", "Một kiểu: `default`, mã của một lớp, hoặc kiểu khác"),
    ("A tile matrix set: `WebMercatorQuad`, `VN2000-9217`", "Một lưới ô: `WebMercatorQuad`, `VN2000-9217`"),
    ("Also what was there before; needs a key", "Kèm giá trị trước đó; cần khóa"),
    (
        "An RFC 3339 date or time, or an interval of them, open with `..`; features that are then, or at no time",
        "Ngày hoặc thời điểm theo RFC 3339, hay một khoảng, để ngỏ bằng `..`; gồm cả đối tượng không có thời gian",
    ),
    ("Answers null geometry", "Trả lời không kèm hình"),
    ("At most this many changes", "Nhiều nhất bấy nhiêu thay đổi"),
    ("At most this many features", "Nhiều nhất bấy nhiêu đối tượng"),
    ("At most this many issues", "Nhiều nhất bấy nhiêu vấn đề"),
    ("At most this many layers (default: all)", "Nhiều nhất bấy nhiêu lớp (mặc định: tất cả)"),
    ("At most this many records", "Nhiều nhất bấy nhiêu bản ghi"),
    ("Begin after this many", "Bắt đầu sau bấy nhiêu bản ghi"),
    ("How many layers to pass over", "Bỏ qua bấy nhiêu lớp"),
    (
        "CSV for Excel: with a byte order mark, formulas as texts",
        "CSV cho Excel: có dấu thứ tự byte, công thức thành văn bản",
    ),
    (
        "How features are counted: `auto` is exact where that takes a moment only, else an estimate",
        "Cách đếm đối tượng: `auto` đếm đúng nếu nhanh, không thì ước lượng",
    ),
    (
        "Identifiers that others gave: `value`, `scheme:value`, `scheme:`",
        "Mã do nơi khác cấp: `value`, `scheme:value`, `scheme:`",
    ),
    ("Ids of records", "Mã của bản ghi"),
    ("Issues after this one", "Các vấn đề sau vấn đề này"),
    ("Issues of these kinds", "Các vấn đề thuộc những loại này"),
    ("Label points beside polygons (`WebMercatorQuad`)", "Kèm điểm đặt nhãn cho vùng (`WebMercatorQuad`)"),
    (
        "Layers, by id or address; those the map shows otherwise",
        "Các lớp, theo mã hoặc địa chỉ; mặc định là những lớp bản đồ đang hiện",
    ),
    ("Only changes from before this version", "Chỉ những thay đổi trước phiên bản này"),
    (
        "Profiles that are wished for, by name or address; what there is: `codelist-inline`",
        "Hồ sơ mong muốn, theo tên hoặc địa chỉ; hiện có `codelist-inline`",
    ),
    ("Sortables, `-` before those in descending order", "Các trường để sắp xếp, đặt `-` phía trước để xếp giảm dần"),
    ("The ETag of the state that the change was made from", "ETag của trạng thái mà thay đổi này dựa vào"),
    ("The column, counted from the west", "Cột, đếm từ phía tây"),
    ("The row, counted from the north", "Hàng, đếm từ phía bắc"),
    ("The tile matrix: 0 is the coarsest", "Mức của lưới: 0 là thô nhất"),
    (
        "The coordinate system of `bbox`: one of the collection's `crs`",
        "Hệ tọa độ của `bbox`: một trong các `crs` của lớp",
    ),
    (
        "The coordinate system of the answer: one of the collection's `crs`; axes are in the order of its authority",
        "Hệ tọa độ của câu trả lời: một trong các `crs` của lớp; thứ tự trục theo cơ quan ban hành",
    ),
    (
        "The coordinate system of the geometry in `filter`: an OGC address or `EPSG:` and a number; axes are in the order of its authority",
        "Hệ tọa độ của hình trong `filter`: địa chỉ OGC hoặc `EPSG:` và số; thứ tự trục theo cơ quan ban hành",
    ),
    (
        "The coordinate system of the geometry that is sent (default CRS84)",
        "Hệ tọa độ của hình gửi lên (mặc định CRS84)",
    ),
    ("The feature's id", "Mã của đối tượng"),
    ("The form of the answer, whatever `Accept` says", "Định dạng trả lời, bất kể `Accept`"),
    (
        "How codes are wished to be told; what there is: `codelist-inline`",
        "Cách nêu các mã mong muốn; hiện có: `codelist-inline`",
    ),
    (
        "What GeoJSON is wished to be beside GeoJSON; of several, the last in the list that there is",
        "Dạng GeoJSON mong muốn; nếu nêu nhiều dạng thì lấy dạng đứng sau cùng trong danh sách mà máy chủ có",
    ),
    (
        "The language of `filter`; `cql-text` is `cql2-text` as GDAL writes it",
        "Ngôn ngữ của `filter`; `cql-text` là `cql2-text` theo cách viết của GDAL",
    ),
    ("The language of pages, whatever `Accept-Language` says", "Ngôn ngữ của trang, bất kể `Accept-Language`"),
    ("The last event that came; stands above `since`", "Sự kiện nhận được sau cùng; ưu tiên hơn `since`"),
    ("The properties not to answer", "Các trường không cần trả lời"),
    ("The properties to answer", "Các trường cần trả lời"),
    ("Types of what is described: `dataset`", "Loại của thứ được mô tả: `dataset`"),
    ("Where a page goes on; to be taken from a `next` link", "Chỗ trang sau bắt đầu; lấy từ liên kết `next`"),
    (
        "Words in id, titles or description, whatever their case and marks",
        "Từ trong mã, tiêu đề hoặc mô tả, không phân biệt hoa thường và dấu",
    ),
    (
        "Words, without regard to case and marks; commas separate alternatives",
        "Từ cần tìm, không phân biệt hoa thường và dấu; dấu phẩy ngăn các lựa chọn",
    ),
    (
        "`ewkb`: geometry to the last bit, in the storage CRS",
        "`ewkb`: hình chính xác đến từng bit, trong hệ tọa độ lưu trữ",
    ),
    (
        "`start`, or the version up to which the changes are known, as an answer says it; without it: how to begin",
        "`start`, hoặc phiên bản đã biết đến, như câu trả lời đã nêu; để trống: cách bắt đầu",
    ),
    (
        "west,south,east,north in degrees (CRS84), or in `bbox-crs` and the order of its axes; six numbers have heights, which are ignored",
        "tây,nam,đông,bắc tính bằng độ (CRS84), hoặc theo `bbox-crs` và thứ tự trục của nó; sáu số thì có độ cao, được bỏ qua",
    ),
    // answers
    ("Created", "Đã thêm"),
    ("Created; Location says where", "Đã thêm; địa chỉ ở Location"),
    ("Deleted", "Đã xóa"),
    ("Replaced", "Đã thay"),
    ("Nothing is in the tile", "Ô không có gì"),
    ("The answer", "Câu trả lời"),
    ("The feature as it is now", "Đối tượng như hiện nay"),
    ("What is wrong and what to do (RFC 9457)", "Điều chưa đúng và cách sửa (RFC 9457)"),
];

/// A text of the API definition in a language.
pub fn said(lang: Lang, text: &str) -> String {
    let name = |en: &str| {
        let (before, after) = en.split_once("{}")?;
        text.strip_prefix(before)?.strip_suffix(after)
    };
    let vi = WORDS.iter().filter(|_| lang == Lang::Vi).find_map(|(en, vi)| match name(en) {
        Some(name) => Some(vi.replace("{}", name)),
        None => (*en == text).then(|| vi.to_string()),
    });
    vi.unwrap_or_else(|| text.to_string())
}
