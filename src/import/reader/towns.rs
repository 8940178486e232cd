//! The towns of Việt Nam, to say in words where coordinates would put a layer.

/// Name, longitude and latitude of the middle of its wards (as of 2024, to a hundredth of a degree).
const TOWNS: [(&str, f64, f64); 90] = [
    ("Biên Hòa", 106.85, 10.94),
    ("Buôn Ma Thuột", 108.04, 12.67),
    ("Bà Rịa", 107.18, 10.51),
    ("Bạc Liêu", 105.74, 9.28),
    ("Bảo Lộc", 107.8, 11.54),
    ("Bắc Giang", 106.22, 21.25),
    ("Bắc Ninh", 106.07, 21.17),
    ("Bến Cát", 106.61, 11.11),
    ("Bến Tre", 106.37, 10.24),
    ("Cam Ranh", 109.15, 11.91),
    ("Cao Bằng", 106.25, 22.66),
    ("Cao Lãnh", 105.62, 10.46),
    ("Châu Đốc", 105.1, 10.68),
    ("Chí Linh", 106.39, 21.12),
    ("Cà Mau", 105.18, 9.17),
    ("Cần Thơ", 105.68, 10.1),
    ("Cẩm Phả", 107.29, 21.03),
    ("Dĩ An", 106.78, 10.9),
    ("Gia Nghĩa", 107.69, 12.0),
    ("Gò Công", 106.67, 10.38),
    ("Hoa Lư", 105.96, 20.25),
    ("Huế", 107.58, 16.47),
    ("Hà Giang", 104.99, 22.83),
    ("Hà Nội", 105.82, 21.02),
    ("Hà Tiên", 104.49, 10.39),
    ("Hà Tĩnh", 105.93, 18.35),
    ("Hòa Bình", 105.35, 20.86),
    ("Hưng Yên", 106.06, 20.66),
    ("Hạ Long", 107.04, 21.01),
    ("Hải Dương", 106.33, 20.93),
    ("Hải Phòng", 106.68, 20.83),
    ("Hồ Chí Minh", 106.67, 10.78),
    ("Hồng Ngự", 105.37, 10.81),
    ("Hội An", 108.35, 15.89),
    ("Kon Tum", 107.98, 14.35),
    ("Lai Châu", 103.46, 22.4),
    ("Long Khánh", 107.24, 10.93),
    ("Long Xuyên", 105.44, 10.38),
    ("Lào Cai", 103.99, 22.44),
    ("Lạng Sơn", 106.75, 21.85),
    ("Móng Cái", 107.93, 21.5),
    ("Mỹ Tho", 106.36, 10.36),
    ("Nam Định", 106.16, 20.44),
    ("Ngã Bảy", 105.82, 9.83),
    ("Nha Trang", 109.18, 12.25),
    ("Phan Rang - Tháp Chàm", 108.99, 11.57),
    ("Phan Thiết", 108.13, 10.93),
    ("Phú Mỹ", 107.1, 10.59),
    ("Phú Quốc", 103.92, 10.14),
    ("Phúc Yên", 105.71, 21.27),
    ("Phổ Yên", 105.85, 21.41),
    ("Phủ Lý", 105.93, 20.54),
    ("Pleiku", 108.01, 13.98),
    ("Quy Nhơn", 109.22, 13.77),
    ("Quảng Ngãi", 108.83, 15.14),
    ("Rạch Giá", 105.1, 10.0),
    ("Sa Đéc", 105.75, 10.31),
    ("Sóc Trăng", 105.98, 9.6),
    ("Sông Công", 105.85, 21.48),
    ("Sơn La", 103.91, 21.33),
    ("Sầm Sơn", 105.88, 19.74),
    ("Tam Kỳ", 108.49, 15.58),
    ("Tam Điệp", 105.91, 20.16),
    ("Thanh Hóa", 105.76, 19.81),
    ("Thuận An", 106.7, 10.93),
    ("Thái Bình", 106.34, 20.45),
    ("Thái Nguyên", 105.83, 21.58),
    ("Thủ Dầu Một", 106.66, 11.01),
    ("Thủy Nguyên", 106.68, 20.93),
    ("Trà Vinh", 106.34, 9.93),
    ("Tuy Hòa", 109.3, 13.09),
    ("Tuyên Quang", 105.21, 21.8),
    ("Tân An", 106.41, 10.53),
    ("Tân Uyên", 106.75, 11.04),
    ("Tây Ninh", 106.12, 11.34),
    ("Từ Sơn", 105.96, 21.13),
    ("Uông Bí", 106.76, 21.05),
    ("Vinh", 105.69, 18.72),
    ("Việt Trì", 105.38, 21.33),
    ("Vĩnh Long", 105.95, 10.25),
    ("Vĩnh Yên", 105.6, 21.31),
    ("Vũng Tàu", 107.1, 10.38),
    ("Vị Thanh", 105.45, 9.76),
    ("Yên Bái", 104.89, 21.71),
    ("Điện Biên Phủ", 103.03, 21.4),
    ("Đà Lạt", 108.46, 11.93),
    ("Đà Nẵng", 108.21, 16.06),
    ("Đông Hà", 107.09, 16.82),
    ("Đông Triều", 106.57, 21.09),
    ("Đồng Xoài", 106.88, 11.53),
];

/// A word is worth saying up to this distance.
const FAR: f64 = 150.0;

/// The nearest town and how far it is, in kilometres.
pub fn nearest(lon: f64, lat: f64) -> Option<(&'static str, f64)> {
    const DEGREE: f64 = 111.2;
    let away = |(_, x, y): &(&str, f64, f64)| ((x - lon) * lat.to_radians().cos()).hypot(y - lat) * DEGREE;
    let near = TOWNS.iter().min_by(|a, b| away(a).total_cmp(&away(b)))?;
    Some((near.0, away(near))).filter(|(_, km)| *km <= FAR)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_city_is_near_itself() {
        let (name, km) = super::nearest(108.9886, 11.5648).unwrap();
        assert!(name.starts_with("Phan Rang") && km < 3.0, "{name} {km}");
        assert_eq!(super::nearest(2.35, 48.85), None);
    }
}
