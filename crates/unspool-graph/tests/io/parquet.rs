//! Parquet: whole, cut and broken.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use unspool_graph::io::{ReadOptions, parse_signals};

use crate::common::refused;

const PLAIN: ReadOptions = ReadOptions { transpose: false, header: None };

/// Three rows: labels, doubles of which the second is missing, integers.
fn file(compression: Compression) -> Vec<u8> {
    let schema = "message m { required binary label (UTF8); optional double a; required int32 b; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let labels: Vec<ByteArray> = ["x", "\"y\"", "z"].map(ByteArray::from).to_vec();
    column.typed::<ByteArrayType>().write_batch(&labels, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&[5e-324, 0.1], Some(&[1, 0, 1]), None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int32Type>().write_batch(&[1, -2, 3], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn tables() {
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(Default::default())] {
        let bytes = file(compression);
        let signals = parse_signals("x.parquet", &bytes, &PLAIN).unwrap();
        assert_eq!(signals.names(), ["a", "b"]);
        assert_eq!((signals.observations(), signals.missing()), (3, 1));
        assert_eq!(signals.values()[0].to_bits(), 5e-324_f64.to_bits());
        let turned = parse_signals("x.parquet", &bytes, &ReadOptions { transpose: true, ..PLAIN }).unwrap();
        assert_eq!(turned.names(), ["x", "\"y\"", "z"]);
        for end in 0..bytes.len() {
            refused(parse_signals("x.parquet", &bytes[..end], &PLAIN), &["x.parquet"]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bytes_are_changed(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = file(Compression::SNAPPY);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = parse_signals("x.parquet", &bytes, &PLAIN);
    }
}
