//! Photos from mosaics: every method on the same photos, and what a network's pixels are made of.

use std::time::Instant;

use serde_json::json;
use unspool_graph::metrics;
use unspool_image::metrics::{Options, mse, psnr, psnr_of_mean, ssim};
use unspool_image::{Cfa, Image, simulate};
use unspool_report::number::Format::{Count, Fixed, Short, Text};
use unspool_report::{Block, Cell, Column, Neighbourhoods, Part, Photo, Pixel, Slider, Table, round};
use unspool_restore::learned::probe;
use unspool_restore::method::Demosaick;

use super::paper::{self, Claim};
use super::photos::{self, Named};
use super::{Desk, Job, train};
use crate::args::SectionArg;
use crate::cmd::image::method;
use crate::exit::Failure;
use crate::picture::neighbourhood::{self, Column as MapColumn, Row as MapRow, Weights};

const CFA: Cfa = Cfa::Rggb;
/// Noise of the noisy column, of 255.
const NOISE: f32 = 10.0;
/// Share of the pixels that interpolation is given.
const KNOWN: [f64; 2] = [0.5, 0.2];
/// For masks that are no grid.
const INTERPOLATE: [&str; 4] = ["linear", "biharmonic", "quick", "learned"];
/// Pixels of the photo `suit` that are worth a look: row, column, and why.
const WORTH: [Place; 3] = [(92, 95, "letters"), (60, 70, "fabric"), (100, 141, "edge")];

/// A pixel, and why it is worth a look.
type Place = (usize, usize, &'static str);
/// The windows of a pixel, by block and head.
type Windows = Vec<Vec<[f32; 25]>>;

/// What is to be done.
pub(super) fn jobs(desk: &Desk) -> Result<Vec<Job>, Failure> {
    let mut jobs = train::images(desk)?;
    let config = json!({
        "cfa": CFA.name(), "noise": NOISE, "photos": desk.size.photos, "size": desk.size.photo, "trained": train::recipes(desk, SectionArg::Images),
    });
    jobs.push(Job::new("demosaick", "Demosaicking", config.clone(), |desk| {
        let photos = photos::own(desk)?;
        let (table, scores) = demosaicked(desk, "demosaick-methods", &photos, "that come with the program")?;
        let mut part = Part { findings: found(&scores), ..Part::new("", "") }.saying(
            "Three small photos without copyright restrictions are reduced to what a sensor with an RGGB filter sees, and made \
             whole again. Each network runs with the weights that come with the program, unless it was trained above.",
        );
        part = part.with(table).with(pair(desk, &photos[0])?);
        Ok(if desk.args.test.is_none() { part.with(claims(&scores, "three small photos", false)) } else { part })
    }));
    if let Some(folder) = desk.args.test.clone() {
        let named = photos::folder(&folder)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut config = config.clone();
        config["photos"] = json!(named.iter().map(|photo| &photo.name).collect::<Vec<_>>());
        config["folder"] = json!(name);
        jobs.push(Job::new("demosaick-test", "Demosaicking: your photos", config, move |desk| {
            let (table, scores) = demosaicked(desk, "demosaick-test-methods", &named, &format!("of `{name}`"))?;
            let part = Part { findings: found(&scores), ..Part::new("", "") };
            Ok(part.with(table).with(claims(&scores, &format!("{} photos of `{name}`", named.len()), true)))
        }));
    }
    let mut around = config.clone();
    around["grid"] = json!(desk.size.grid);
    jobs.push(Job::new("neighbourhoods", "What a pixel is made of", around, neighbourhoods));
    let mut known = config;
    known["known"] = json!(KNOWN);
    jobs.push(Job::new("interpolate", "Missing pixels", known, interpolated));
    Ok(jobs)
}

/// How a method did on several photos.
struct Scores {
    name: &'static str,
    /// Of each photo, rounded to 8 bits: mean squared error and SSIM; as it is: mean squared error.
    eight_bit: Vec<f64>,
    ssim: Vec<f64>,
    raw: Vec<f64>,
    /// The first again, of noisy mosaics.
    noisy: Vec<f64>,
    seconds: f64,
    megapixels: f64,
    parameters: usize,
}

impl Scores {
    fn new(name: &'static str, parameters: usize) -> Self {
        let none = Vec::new;
        let (eight_bit, ssim, raw, noisy) = (none(), none(), none(), none());
        Scores { name, eight_bit, ssim, raw, noisy, seconds: 0.0, megapixels: 0.0, parameters }
    }

    fn add(&mut self, image: &Image, truth: &Image) -> Result<(), Failure> {
        let rounded = Options { eight_bit: true, border: 0 };
        self.eight_bit.push(mse(image, truth, rounded)?);
        self.raw.push(mse(image, truth, Options::default())?);
        self.ssim.push(ssim(image, truth, rounded)?);
        Ok(())
    }

    fn mean_ssim(&self) -> f64 {
        self.ssim.iter().sum::<f64>() / self.ssim.len().max(1) as f64
    }

    fn of_all(&self) -> f64 {
        psnr_of_mean(&self.raw).unwrap_or(f64::NAN)
    }

    fn mean(&self) -> f64 {
        self.eight_bit.iter().map(|&e| psnr(e)).sum::<f64>() / self.eight_bit.len().max(1) as f64
    }
}

/// The mean PSNR, with its interval where there are photos enough for one.
fn mean_psnr(mses: &[f64]) -> Cell {
    let values: Vec<f64> = mses.iter().map(|&e| psnr(e)).collect();
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let ends = (values.len() > 3).then(|| metrics::mean(&values).ok()).flatten().map(|e| (e.low, e.high));
    Cell::interval(mean, ends)
}

fn demosaick(desk: &Desk, name: &str) -> Result<Demosaick, Failure> {
    let trained = train::weights(desk, if name == "learned" { "demosaick" } else { name });
    method::demosaick(name, trained.as_deref())
}

/// Every method on photos.
fn demosaicked(desk: &Desk, id: &str, photos: &[Named], whose: &str) -> Result<(Block, Vec<Scores>), Failure> {
    let sigma = NOISE / 255.0;
    let mut all = Vec::new();
    let total = (Demosaick::NAMES.len() * photos.len()) as f64;
    for (m, name) in Demosaick::NAMES.into_iter().enumerate() {
        let method = demosaick(desk, name)?;
        let mut scores = Scores::new(name, method.parameters());
        for (k, Named { image: truth, .. }) in photos.iter().enumerate() {
            let mosaic = CFA.mosaic(truth)?;
            let clock = Instant::now();
            let image = method.run(&mosaic, CFA, 0.0)?;
            scores.seconds += clock.elapsed().as_secs_f64();
            scores.megapixels += (truth.height() * truth.width()) as f64 / 1e6;
            scores.add(&image, truth)?;
            let noisy = simulate::gaussian_noise(&mosaic, sigma, desk.args.seed.wrapping_add(k as u64))?;
            let image = method.run(&noisy, CFA, sigma)?;
            scores.noisy.push(mse(&image, truth, Options { eight_bit: true, border: 0 })?);
            desk.share.show((m * photos.len() + k + 1) as f64 / total);
        }
        all.push(scores);
    }
    let caption = format!(
        "{} photos {whose}. Two conventions that must not be mixed: the mean of each photo's PSNR, its pixels rounded to 8 bits, \
         and the PSNR of the mean squared error of all, as it is, which papers of this field report. Noise: standard deviation \
         {NOISE} of 255, told to the method if it asks.",
        photos.len()
    );
    let mut table = Table::new(id, "Every method on the same photos", caption)
        .column(Column::new("method", Text))
        .column(Column::new("mean PSNR, dB", Fixed(2)).more_is_better())
        .column(Column::new("PSNR of all, dB", Fixed(2)).more_is_better())
        .column(Column::new("SSIM", Fixed(4)).more_is_better())
        .column(Column::new("mean PSNR with noise", Fixed(2)).more_is_better())
        .column(Column::new("numbers trained", Count))
        .column(Column::new("seconds a megapixel", Short));
    for scores in &all {
        table = table.row([
            Cell::text(scores.name),
            mean_psnr(&scores.eight_bit),
            Cell::number(scores.of_all()),
            Cell::number(scores.mean_ssim()),
            mean_psnr(&scores.noisy),
            Cell::count(scores.parameters),
            Cell::seconds(scores.seconds / scores.megapixels.max(1e-9)),
        ]);
    }
    Ok((Block::Table(table), all))
}

/// Who is best.
fn found(scores: &[Scores]) -> Vec<String> {
    let best = |of: &dyn Fn(&Scores) -> f64, among: &dyn Fn(&Scores) -> bool| {
        scores.iter().filter(|s| among(s)).max_by(|a, b| of(a).total_cmp(&of(b)))
    };
    let clean = |s: &Scores| s.mean();
    let noisy = |s: &Scores| -s.noisy.iter().sum::<f64>();
    let is_classic = |s: &Scores| s.parameters == 0;
    let (Some(first), Some(classic), Some(in_noise)) =
        (best(&clean, &|_| true), best(&clean, &is_classic), best(&noisy, &|_| true))
    else {
        return Vec::new();
    };
    let mut findings = vec![if first.parameters > 0 {
        format!(
            "The best is {}, {} dB; of those without training it is {}, {} dB.",
            first.name,
            Fixed(2).show(first.mean()),
            classic.name,
            Fixed(2).show(classic.mean())
        )
    } else {
        format!("The best is {}, which needs no training: {} dB.", first.name, Fixed(2).show(first.mean()))
    }];
    findings.push(format!("With noise the best is {}.", in_noise.name));
    findings
}

/// Mosaic, results and truth, two beside each other.
fn pair(desk: &Desk, photo: &Named) -> Result<Block, Failure> {
    let truth = &photo.image;
    let mosaic = CFA.mosaic(truth)?;
    let stem = |what: &str| format!("{}-{what}", photo.name);
    let error = |image: &Image| -> Result<String, Failure> {
        Ok(Fixed(1).show(psnr(mse(image, truth, Options { eight_bit: true, border: 0 })?)))
    };
    let seen = photos::in_filter_colors(&mosaic, CFA);
    let mut shown = vec![photos::write(
        desk,
        &stem("mosaic"),
        "what the sensor sees",
        &format!("The photo {}, each pixel in the one colour that its filter lets through", photo.name),
        &seen,
    )?];
    for name in ["bilinear", "menon", "uglr", "learned"] {
        let image = demosaick(desk, name)?.run(&mosaic, CFA, 0.0)?;
        let label = format!("{name}, {} dB", error(&image)?);
        let alt = format!("The photo {}, made of the mosaic by the method {name}", photo.name);
        shown.push(photos::write(desk, &stem(name), &label, &alt, &image)?);
    }
    let alt = format!("The photo {} as it is", photo.name);
    shown.push(photos::write(desk, &stem("truth"), "the photo itself", &alt, truth)?);
    Ok(Block::Slider(Slider {
        id: "demosaick-pair".into(),
        title: "One colour a pixel, and all three".into(),
        caption: "Drag the border. Look at letters, zips and edges: where a method guesses the direction wrong, colours appear \
                  that are not there. The enlargement shows pixels as they are."
            .into(),
        photos: shown,
        left: 0,
        right: 4,
    }))
}

/// What the paper on uGLR and uGTV reports.
fn claims(scores: &[Scores], whose: &str, may_agree: bool) -> Block {
    let of = |name: &str| scores.iter().find(|s| s.name == name);
    let ours = |name: &str| {
        of(name).map_or("–".into(), |s| format!("{} / {}", Fixed(2).show(s.of_all()), Fixed(4).show(s.mean_ssim())))
    };
    let classic = if may_agree { "the same, if these are the same photos" } else { "other photos, smaller ones" };
    let trained = if may_agree {
        "other training photos, and weights that had fewer steps"
    } else {
        "other photos, smaller ones, and other training photos"
    };
    let claim = |what: &str, name: &str, paper: &str, why: &str| Claim {
        what: what.into(),
        paper: paper.into(),
        ours: ours(name),
        why: why.into(),
    };
    let claims = vec![
        claim("bilinear", "bilinear", "28.22 / 0.8898", classic),
        claim("Malvar (2004)", "malvar", "34.17 / 0.9684", classic),
        claim("Menon (2007)", "menon", "38.00 / 0.9819", classic),
        claim("uGLR, 323,410 numbers", "uglr", "37.88 / 0.9821", trained),
        claim("uGTV, 323,435 numbers", "ugtv", "39.11 / 0.9855", trained),
        claim("learned, 303,564 numbers", "learned", "–", "starts from Menon's estimate; no graphs"),
    ];
    paper::table(
        if may_agree { "demosaick-test-paper" } else { "demosaick-paper" },
        "Beside the paper",
        &format!(
            "Do, Eftekhar, Hosseini, Cheung, Chou: Interpretable Lightweight Transformer via Unrolling of Learned Graph \
             Smoothness Priors (NeurIPS 2024). PSNR of all in dB / SSIM; theirs on the 24 Kodak photos, as quoted from its Table \
             2, not verified; here on {whose}."
        ),
        claims,
    )
}

/// The graphs of a network at many pixels, and what moves the pixels of the other.
fn neighbourhoods(desk: &Desk) -> Result<Part, Failure> {
    let photos = photos::own(desk)?;
    let Named { name, image: truth } = &photos[0];
    let mosaic = CFA.mosaic(truth)?;
    let mut part = Part::new("", "").saying(
        "uGLR ties each pixel to those around it, by graphs that it learns anew for each image: these ties are all that it \
         smooths along. The network learned has no graphs; there, samples are changed one by one to see what moves.",
    );
    let (height, width) = (truth.height(), truth.width());
    let inside = |&(row, column, _): &Place| row + 4 < height && column + 4 < width;
    let worth: Vec<Place> = match WORTH.into_iter().filter(inside).collect::<Vec<_>>() {
        none if none.is_empty() => vec![(height / 2, width / 2, "middle")],
        some => some,
    };
    if let Demosaick::Transformer(net, theta) = demosaick(desk, "uglr")? {
        let middle = desk.size.grid / 2;
        let rows = (middle..height).step_by(desk.size.grid);
        let grid = rows.flat_map(|row| (middle..width).step_by(desk.size.grid).map(move |column| (row, column, "")));
        let all: Vec<Place> = worth.iter().copied().chain(grid).collect();
        let places: Vec<(usize, usize)> = all.iter().map(|&(row, column, _)| (row, column)).collect();
        let told = net.explain_mosaic(&theta, &mosaic, CFA, &places)?;
        let heads = told.windows.first().and_then(|blocks| blocks.last()).map_or(0, Vec::len);
        let pixel = |(&(row, column, why), blocks): (&Place, &Windows)| Pixel {
            row,
            column,
            why: why.into(),
            maps: blocks.last().into_iter().flatten().map(|window| kept(window)).collect(),
        };
        let image = net.demosaick(&theta, &mosaic, CFA)?;
        let alike = share_of_the_alike(truth, &all, &told.windows);
        let alt = format!("The photo {name} as uGLR makes it of the mosaic, with dots at pixels that can be chosen");
        part = part.finding(format!(
            "The half of a window that is most like its middle in the photo holds {} % of the ties of uGLR, over {} pixels: the \
             graphs follow what is there, though they have seen the mosaic alone.",
            Fixed(0).show(100.0 * alike),
            all.len()
        ));
        part = part.with(Block::Neighbourhoods(Neighbourhoods {
            id: "ties".into(),
            title: "The graphs of uGLR: which pixels are tied to which".into(),
            caption: "Click a pixel, or move with the arrow keys. Each square is one of the last block's four graphs: the fuller \
                      a pixel's colour, the stronger its tie to the one in the middle. In flat areas all ties are \
                      alike; at edges some are cut."
                .into(),
            photo: photos::write(desk, &format!("{name}-uglr"), "uGLR", &alt, &image)?,
            side: 5,
            signed: false,
            maps: (1..=heads).map(|head| format!("graph {head}")).collect(),
            pixels: all.iter().zip(&told.windows).map(pixel).collect(),
            first: 0,
            files: Vec::new(),
        }));
    }
    if let Demosaick::Learned(net, theta) = demosaick(desk, "learned")? {
        let image = net.demosaick(&theta, &mosaic, CFA, 0.0)?;
        let (mut pixels, mut rows) = (Vec::new(), Vec::new());
        for (done, &(row, column, why)) in worth.iter().enumerate() {
            let maps = net.influence(&theta, (&mosaic, CFA, 0.0), (row, column))?;
            pixels.push(Pixel { row, column, why: why.into(), maps: maps.iter().map(|map| kept(map)).collect() });
            let column_of = |(values, heading): (Vec<f32>, &str)| MapColumn {
                heading: heading.into(),
                maps: vec![Weights { values, signed: true }],
            };
            let columns = maps.into_iter().zip(["red", "green", "blue"]).map(column_of).collect();
            let label = format!("{why}: row {row}, column {column}");
            rows.push(MapRow { label, pixel: (row, column), side: 2 * probe::REACH + 1, columns });
            desk.share.show((done + 1) as f64 / worth.len() as f64);
        }
        let note = "Each square is one sample around the pixel: how much the result grows (blue) or shrinks (red) when the \
                    sample grows; white: not at all.";
        let drawn = neighbourhood::draw(&image, "What pixels are made of", note, &rows)?;
        let alt = format!("The photo {name} as the network makes it of the mosaic, with dots at three pixels");
        part = part.with(Block::Neighbourhoods(Neighbourhoods {
            id: "influence".into(),
            title: "The network without graphs: which samples move a pixel".into(),
            caption: "Blue samples raise the pixel in the middle when they grow, red ones lower it. The colour that \
                      was measured stays close to its sample; the other two lean on samples of all colours around it."
                .into(),
            photo: photos::write(desk, &format!("{name}-learned"), "learned", &alt, &image)?,
            side: 2 * probe::REACH + 1,
            signed: true,
            maps: ["red", "green", "blue"].map(String::from).to_vec(),
            pixels,
            first: 0,
            files: desk.folder.picture("influence", &drawn)?,
        }));
    }
    Ok(part)
}

/// The share of the last block's ties that goes to the half of the window most like its middle in the truth.
fn share_of_the_alike(truth: &Image, pixels: &[Place], windows: &[Windows]) -> f64 {
    let (height, width) = (truth.height(), truth.width());
    let color = |y: usize, x: usize| [0, 1, 2].map(|c| truth.plane(c)[y * width + x]);
    let (mut alike, mut all) = (0.0, 0.0);
    for (&(row, column, _), blocks) in pixels.iter().zip(windows) {
        let far = |place: usize| {
            let (y, x) = ((row + place / 5).checked_sub(2)?, (column + place % 5).checked_sub(2)?);
            let middle = color(row, column);
            let there = (y < height && x < width).then(|| color(y, x))?;
            Some(middle.iter().zip(there).map(|(a, b)| (a - b) * (a - b)).sum::<f32>())
        };
        let mut order: Vec<(f32, usize)> =
            (0..25).filter(|place| *place != 12).filter_map(|place| Some((far(place)?, place))).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        for window in blocks.last().into_iter().flatten() {
            for (rank, (_, place)) in order.iter().enumerate() {
                all += f64::from(window[*place]);
                alike += if rank < order.len() / 2 { f64::from(window[*place]) } else { 0.0 };
            }
        }
    }
    alike / f64::max(all, f64::MIN_POSITIVE)
}

fn kept(weights: &[f32]) -> Vec<f64> {
    weights.iter().map(|&w| round(f64::from(w), 3)).collect()
}

/// Random pixels are known, the others are filled in.
fn interpolated(desk: &Desk) -> Result<Part, Failure> {
    let photos = photos::own(desk)?;
    let methods = INTERPOLATE.map(|name| {
        let is_network = matches!(name, "quick" | "learned");
        let trained = train::weights(desk, if is_network { "interpolate" } else { name });
        method::interpolate(name, trained.as_deref()).map(|method| (name, method))
    });
    let methods = methods.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut scores: Vec<[Scores; 2]> =
        methods.iter().map(|(name, method)| [(); 2].map(|()| Scores::new(name, method.parameters()))).collect();
    let mut block = None;
    for (k, Named { name: photo, image }) in photos.iter().enumerate() {
        let truth = photos::luma(image);
        for (s, share) in KNOWN.into_iter().enumerate() {
            let seed = desk.args.seed.wrapping_add(k as u64);
            let mask = simulate::random_mask((1, truth.height(), truth.width()), share, seed)?;
            let mut shown = Vec::new();
            for ((name, method), scores) in methods.iter().zip(&mut scores) {
                let clock = Instant::now();
                let filled = method.run(&truth, &mask)?;
                scores[s].seconds += clock.elapsed().as_secs_f64();
                scores[s].megapixels += (truth.height() * truth.width()) as f64 / 1e6;
                scores[s].add(&filled, &truth)?;
                shown.push((*name, filled));
            }
            if (photo.as_str(), s) == ("cat", 1) {
                let known = Image::from_fn(1, truth.height(), truth.width(), |_, y, x| {
                    let at = y * truth.width() + x;
                    if mask.plane(0)[at] { truth.plane(0)[at] } else { 0.0 }
                });
                block = Some(gaps(desk, photo, &known, &shown, &truth)?);
            }
        }
        desk.share.show((k + 1) as f64 / photos.len() as f64);
    }
    let mut table = Table::new(
        "interpolate-methods",
        "Filling in random pixels",
        "The brightness of the three photos, half or a fifth of its pixels known. PSNR: mean of the photos, and of all, as above.",
    )
    .column(Column::new("method", Text));
    for share in KNOWN {
        let known = format!("{} % known", Fixed(0).show(100.0 * share));
        table = table
            .column(Column::new(format!("{known}: mean PSNR"), Fixed(2)).more_is_better())
            .column(Column::new("PSNR of all", Fixed(2)).more_is_better())
            .column(Column::new("SSIM", Fixed(4)).more_is_better());
    }
    table = table.column(Column::new("seconds a megapixel", Short));
    for [half, fifth] in &scores {
        let own = |s: &Scores| [mean_psnr(&s.eight_bit), Cell::number(s.of_all()), Cell::number(s.mean_ssim())];
        let seconds = Cell::seconds((half.seconds + fifth.seconds) / (half.megapixels + fifth.megapixels).max(1e-9));
        table = table.row([Cell::text(half.name)].into_iter().chain(own(half)).chain(own(fifth)).chain([seconds]));
    }
    let best = table.best(4).into_iter().find_map(|at| scores.get(at));
    let finding = best.map(|[_, fifth]| {
        format!("With a fifth of the pixels known the best is {}: {} dB.", fifth.name, Fixed(2).show(fifth.mean()))
    });
    let mut part = Part { findings: finding.into_iter().collect(), ..Part::new("", "") }.with(Block::Table(table));
    part.blocks.extend(block);
    Ok(part)
}

/// Known pixels, results and truth.
fn gaps(desk: &Desk, photo: &str, known: &Image, shown: &[(&str, Image)], truth: &Image) -> Result<Block, Failure> {
    let error = |image: &Image| -> Result<String, Failure> {
        Ok(Fixed(1).show(psnr(mse(image, truth, Options { eight_bit: true, border: 0 })?)))
    };
    let alt = format!("The photo {photo} in grey, four fifths of its pixels black");
    let mut all: Vec<Photo> = vec![photos::write(desk, "gaps-known", "the fifth that is known", &alt, known)?];
    for (name, image) in shown {
        let alt = format!("The photo {photo} in grey, its gaps filled by the method {name}");
        all.push(photos::write(desk, &format!("gaps-{name}"), &format!("{name}, {} dB", error(image)?), &alt, image)?);
    }
    let alt = format!("The photo {photo} in grey as it is");
    all.push(photos::write(desk, "gaps-truth", "the photo itself", &alt, truth)?);
    let right = all.len() - 2;
    Ok(Block::Slider(Slider {
        id: "interpolate-pair".into(),
        title: "A fifth of the pixels, and the whole".into(),
        caption:
            "Drag the border. Smooth surfaces come back with any method; hairs and the rim of the eye tell them apart."
                .into(),
        photos: all,
        left: 0,
        right,
    }))
}
