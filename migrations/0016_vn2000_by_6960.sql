-- VN-2000 goes to WGS 84 and back by EPSG:6960 (Decision 05/2007/QĐ-BTNMT) wherever it lies (decision 21).
--
-- Asked for a system by its authority's code, PROJ chooses the operation by place, and in two blocks of the Mekong delta
-- it prefers EPSG:5194, an oil company's, 0.8 m off. PostGIS asks by `auth_name:auth_srid` first and by `srtext` next: with
-- an empty name there is no code to ask by, and the text has the seven numbers of EPSG:6960 in it. (NULL would do as well,
-- but then `ST_AsGeoJSON` and `ST_AsGML` refuse the geometry.)
UPDATE spatial_ref_sys s SET auth_name = '', auth_srid = s.srid,
  srtext = 'GEOGCS["VN-2000",DATUM["Vietnam_2000",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'TOWGS84[-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278],AUTHORITY["EPSG","6756"]],'
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4756"]]',
  proj4text = '+proj=longlat +ellps=WGS84 '
    '+towgs84=-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278 +no_defs'
WHERE s.srid = 4756;

UPDATE spatial_ref_sys s SET auth_name = '', auth_srid = s.srid,
  srtext = format('PROJCS["VN-2000 / %s",%s,PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",%s],PARAMETER["scale_factor",%s],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],'
    'UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","%s"]]',
    zone.name, base.srtext, zone.meridian, zone.scale, zone.code),
  proj4text = format('+proj=tmerc +lat_0=0 +lon_0=%s +k=%s +x_0=500000 +y_0=0 +ellps=WGS84 '
    '+towgs84=-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278 +units=m +no_defs',
    zone.meridian, zone.scale)
FROM (VALUES
  (3405, 'UTM zone 48N', 105.0, 0.9996), (3406, 'UTM zone 49N', 111.0, 0.9996),
  (5896, 'TM-3 zone 481', 102.0, 0.9999), (5897, 'TM-3 zone 482', 105.0, 0.9999), (5898, 'TM-3 zone 491', 108.0, 0.9999),
  (5899, 'TM-3 107-45', 107.75, 0.9999),
  (9205, 'TM-3 103-00', 103.0, 0.9999), (9206, 'TM-3 104-00', 104.0, 0.9999), (9207, 'TM-3 104-30', 104.5, 0.9999),
  (9208, 'TM-3 104-45', 104.75, 0.9999), (9209, 'TM-3 105-30', 105.5, 0.9999), (9210, 'TM-3 105-45', 105.75, 0.9999),
  (9211, 'TM-3 106-00', 106.0, 0.9999), (9212, 'TM-3 106-15', 106.25, 0.9999), (9213, 'TM-3 106-30', 106.5, 0.9999),
  (9214, 'TM-3 107-00', 107.0, 0.9999), (9215, 'TM-3 107-15', 107.25, 0.9999), (9216, 'TM-3 107-30', 107.5, 0.9999),
  (9217, 'TM-3 108-15', 108.25, 0.9999), (9218, 'TM-3 108-30', 108.5, 0.9999)
) AS zone (code, name, meridian, scale), (SELECT srtext FROM spatial_ref_sys WHERE srid = 4756) AS base
WHERE s.srid = zone.code;
