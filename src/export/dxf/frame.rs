//! What stands round the entities of a drawing: the least that AutoCAD asks of a file of its release 2007. One group a line,
//! its code and then its value; in the file each has a line of its own.

use super::Drawn;

/// Handles below this are those of the frame.
pub const FIRST_HANDLE: u64 = 0x10000;

/// `{page}`, `{units}`, `{extent}`, `{view}` and `{layers}` are filled in.
const HEAD: &str = "\
0 SECTION
2 HEADER
9 $ACADVER
1 AC1021
9 $DWGCODEPAGE
3 ANSI_{page}
9 $INSUNITS
70 {units}
9 $MEASUREMENT
70 1
9 $HANDSEED
5 40000000
{extent}0 ENDSEC
0 SECTION
2 CLASSES
0 ENDSEC
0 SECTION
2 TABLES
0 TABLE
2 VPORT
5 1
330 0
100 AcDbSymbolTable
70 1
0 VPORT
5 2
330 1
100 AcDbSymbolTableRecord
100 AcDbViewportTableRecord
2 *Active
70 0
10 0
20 0
11 1
21 1
{view}16 0
26 0
36 1
17 0
27 0
37 0
0 ENDTAB
0 TABLE
2 LTYPE
5 3
330 0
100 AcDbSymbolTable
70 3
0 LTYPE
5 4
330 3
100 AcDbSymbolTableRecord
100 AcDbLinetypeTableRecord
2 ByBlock
70 0
3 
72 65
73 0
40 0
0 LTYPE
5 5
330 3
100 AcDbSymbolTableRecord
100 AcDbLinetypeTableRecord
2 ByLayer
70 0
3 
72 65
73 0
40 0
0 LTYPE
5 6
330 3
100 AcDbSymbolTableRecord
100 AcDbLinetypeTableRecord
2 Continuous
70 0
3 
72 65
73 0
40 0
0 ENDTAB
0 TABLE
2 LAYER
5 7
330 0
100 AcDbSymbolTable
{layers}0 ENDTAB
0 TABLE
2 STYLE
5 8
330 0
100 AcDbSymbolTable
70 1
0 STYLE
5 9
330 8
100 AcDbSymbolTableRecord
100 AcDbTextStyleTableRecord
2 Standard
70 0
40 0
41 1
50 0
71 0
42 1
3 arial.ttf
4 
0 ENDTAB
0 TABLE
2 VIEW
5 A
330 0
100 AcDbSymbolTable
70 0
0 ENDTAB
0 TABLE
2 UCS
5 B
330 0
100 AcDbSymbolTable
70 0
0 ENDTAB
0 TABLE
2 APPID
5 C
330 0
100 AcDbSymbolTable
70 1
0 APPID
5 D
330 C
100 AcDbSymbolTableRecord
100 AcDbRegAppTableRecord
2 ACAD
70 0
0 ENDTAB
0 TABLE
2 DIMSTYLE
5 E
330 0
100 AcDbSymbolTable
70 1
100 AcDbDimStyleTable
71 1
340 F
0 DIMSTYLE
105 F
330 E
100 AcDbSymbolTableRecord
100 AcDbDimStyleTableRecord
2 Standard
70 0
0 ENDTAB
0 TABLE
2 BLOCK_RECORD
5 10
330 0
100 AcDbSymbolTable
70 2
0 BLOCK_RECORD
5 11
330 10
100 AcDbSymbolTableRecord
100 AcDbBlockTableRecord
2 *Model_Space
340 1A
0 BLOCK_RECORD
5 12
330 10
100 AcDbSymbolTableRecord
100 AcDbBlockTableRecord
2 *Paper_Space
340 1B
0 ENDTAB
0 ENDSEC
0 SECTION
2 BLOCKS
0 BLOCK
5 13
330 11
100 AcDbEntity
8 0
100 AcDbBlockBegin
2 *Model_Space
70 0
10 0
20 0
30 0
3 *Model_Space
1 
0 ENDBLK
5 14
330 11
100 AcDbEntity
8 0
100 AcDbBlockEnd
0 BLOCK
5 15
330 12
100 AcDbEntity
67 1
8 0
100 AcDbBlockBegin
2 *Paper_Space
70 0
10 0
20 0
30 0
3 *Paper_Space
1 
0 ENDBLK
5 16
330 12
100 AcDbEntity
67 1
8 0
100 AcDbBlockEnd
0 ENDSEC
0 SECTION
2 ENTITIES
";

const TAIL: &str = "\
0 ENDSEC
0 SECTION
2 OBJECTS
0 DICTIONARY
5 17
330 0
100 AcDbDictionary
281 1
3 ACAD_GROUP
350 18
3 ACAD_LAYOUT
350 19
0 DICTIONARY
5 18
330 17
100 AcDbDictionary
281 1
0 DICTIONARY
5 19
330 17
100 AcDbDictionary
281 1
3 Model
350 1A
3 Layout1
350 1B
0 LAYOUT
5 1A
330 19
100 AcDbPlotSettings
1 
2 none_device
70 1024
100 AcDbLayout
1 Model
70 1
71 0
330 11
0 LAYOUT
5 1B
330 19
100 AcDbPlotSettings
1 
2 none_device
70 0
100 AcDbLayout
1 Layout1
70 1
71 1
330 12
0 ENDSEC
0 EOF
";

/// All that comes before the entities. `extent` is the least and the largest corner in the drawing's system.
pub fn head(drawn: &[Drawn], extent: Option<[[f64; 2]; 2]>, metres: bool) -> Vec<u8> {
    let mut layers = format!("70 {}\n", drawn.len());
    for (n, Drawn { name, color }) in drawn.iter().enumerate() {
        // Black or white as the paper is, where the true colour is not known.
        let color = color.map(|rgb| format!("420 {rgb}\n")).unwrap_or_default();
        layers.push_str(&format!(
            "0 LAYER\n5 {:X}\n330 7\n100 AcDbSymbolTableRecord\n100 AcDbLayerTableRecord\n2 {name}\n70 0\n62 7\n{color}6 Continuous\n",
            0x100 + n
        ));
    }
    let (mut extents, mut view) = (String::new(), "12 0\n22 0\n40 1000\n41 1.5\n".to_string());
    if let Some([[west, south], [east, north]]) = extent {
        extents = format!("9 $EXTMIN\n10 {west}\n20 {south}\n30 0\n9 $EXTMAX\n10 {east}\n20 {north}\n30 0\n");
        let height = (north - south).max((east - west) / 1.5).max(1e-3);
        let (x, y) = (f64::midpoint(west, east), f64::midpoint(south, north));
        view = format!("12 {x}\n22 {y}\n40 {height}\n41 1.5\n");
    }
    let units = if metres { "6" } else { "0" };
    // GDAL warns of UTF-8, and then reads it.
    let page = if drawn.iter().all(|d| d.name.is_ascii()) { "1252" } else { "65001" };
    let filled = HEAD.replace("{page}", page).replace("{units}", units);
    let filled = filled.replace("{extent}", &extents).replace("{view}", &view);
    groups(&filled.replace("{layers}", &layers))
}

pub fn tail() -> Vec<u8> {
    groups(TAIL)
}

/// Code and value on a line each.
fn groups(lines: &str) -> Vec<u8> {
    lines.lines().flat_map(|line| line.replacen(' ', "\n", 1).into_bytes().into_iter().chain([b'\n'])).collect()
}
