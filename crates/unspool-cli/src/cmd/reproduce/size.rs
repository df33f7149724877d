//! How much is done.

use crate::args::ReproduceArgs;

/// How much is done of everything.
#[derive(Clone, Debug)]
pub(super) struct Size {
    /// Steps of each solver.
    pub(super) steps: usize,
    /// Steps that the adviser may spend.
    pub(super) budget: usize,
    /// Graphs of each cell.
    pub(super) graphs: u64,
    /// Families with their numbers of nodes.
    pub(super) families: &'static [(&'static str, usize)],
    /// Numbers of signals.
    pub(super) signals: &'static [usize],
    /// Runs that real signals are cut into.
    pub(super) splits: usize,
    /// Steps of adaptation to real signals.
    pub(super) adapt: usize,
    /// Photos that are taken of those that come with the program.
    pub(super) photos: usize,
    /// Rows and columns that are taken of each.
    pub(super) photo: (usize, usize),
    /// Pixels between those of a photo that can be asked about.
    pub(super) grid: usize,
}

impl Size {
    /// As the arguments ask for.
    pub(super) fn of(args: &ReproduceArgs) -> Self {
        let quick = Size {
            steps: 200,
            budget: 40,
            graphs: 32,
            families: &[("ba", 20), ("ws", 50), ("sbm", 50)],
            signals: &[30, 100, 300, 3000],
            splits: 5,
            adapt: 0,
            photos: 3,
            photo: (176, 240),
            grid: 16,
        };
        if args.tiny {
            let families = &[("ba", 20)];
            return Size { steps: 30, graphs: 2, families, signals: &[300, 3000], photos: 2, photo: (24, 32), ..quick };
        }
        if args.full {
            let families = &[
                ("ba", 20),
                ("ba", 50),
                ("ba", 100),
                ("ws", 20),
                ("ws", 50),
                ("ws", 100),
                ("er", 20),
                ("er", 50),
                ("er", 100),
                ("sbm", 20),
                ("sbm", 50),
                ("sbm", 100),
                ("rgg", 20),
                ("rgg", 50),
                ("rgg", 100),
            ];
            return Size { steps: 1000, graphs: 64, families, adapt: 100, ..quick };
        }
        quick
    }
}
