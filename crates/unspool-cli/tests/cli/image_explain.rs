//! `--explain`: a folder of pictures, and a document that names them.

use std::path::Path;

use serde_json::Value;
use unspool_image::Image;
use unspool_image::io::{self, Depth, Format, Photo};

use crate::common::{assert_refused, json, text, unspool};

/// A grey picture of stripes.
fn save(folder: &Path, name: &str, (height, width): (usize, usize)) {
    let stripes = Image::from_fn(1, height, width, |_, y, x| if (x + y / 3) % 7 < 3 { 0.2 } else { 0.7 });
    let photo = Photo { image: stripes, alpha: None, depth: Depth::Eight, profile: None };
    std::fs::write(folder.join(name), io::encode(&photo, Format::Png).unwrap()).unwrap();
}

/// Runs, and reads the document; each picture that it names is there and is as large as the image where it shows one.
fn explained(folder: &Path, args: &[&str]) -> Value {
    let output = unspool(folder, &[args, &["-o", "out.png", "--explain", "why", "--force"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let own = folder.join("why/raw");
    let document = json(&std::fs::read(own.join("explain.json")).unwrap());
    for (name, caption) in document["pictures"].as_object().unwrap() {
        assert!(caption.as_str().unwrap().len() >= 10, "{name}");
        let file = own.join(name);
        // those of neighbourhoods and of the edges of all graphs have sizes of their own
        if name.ends_with(".png") && !name.starts_with("neighbourhoods") && !name.starts_with("edges") {
            let picture = io::read(&file).unwrap().image;
            assert_eq!((picture.height(), picture.width()), (18, 26), "{name}");
        } else {
            assert!(std::fs::metadata(&file).unwrap().len() > 100, "{name}");
        }
    }
    document
}

#[test]
fn what_networks_saw() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save(folder, "raw.png", (18, 26));
    save(folder, "mask.png", (18, 26));
    let pictures = |document: &Value| document["pictures"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let document = explained(folder, &["demosaick", "raw.png", "--cfa", "rggb"]);
    assert_eq!(document["method"], "learned");
    for name in ["confidence.png", "neighbourhoods.png", "neighbourhoods.svg"] {
        assert!(pictures(&document).contains(&name.to_owned()), "{name}");
    }
    let args = ["demosaick", "raw.png", "--cfa", "gbrg", "--method", "uglr", "--pixel", "3,4", "--pixel", "17,25"];
    let document = explained(folder, &args);
    let of_blocks = |kind: &str| pictures(&document).iter().filter(|name| name.starts_with(kind)).count();
    assert!(of_blocks("estimate") >= 5 && of_blocks("edges") >= 5, "{:?}", pictures(&document));
    for method in ["learned", "quick"] {
        let document = explained(folder, &["interpolate", "raw.png", "--mask", "mask.png", "--method", method]);
        assert_eq!(document["method"], method);
    }
    let args = ["demosaick", "raw.png", "--cfa", "rggb", "--explain", "why2", "--pixel", "18,0", "-o", "new.png"];
    assert_refused(&unspool(folder, &args), &["row 18"]);
    assert!(!folder.join("new.png").exists());
    let args = ["demosaick", "raw.png", "--cfa", "rggb", "--explain", "why2", "--method", "menon", "-o", "new.png"];
    assert_refused(&unspool(folder, &args), &["menon"]);
}
