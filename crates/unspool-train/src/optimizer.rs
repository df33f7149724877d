//! Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019), and schedules of the learning rate.
//!
//! ```text
//! m <- b1 m + (1 - b1) g      v <- b2 v + (1 - b2) g^2
//! x <- x - rate (m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) + decay x)
//! ```

use serde::{Deserialize, Serialize};
use unspool_core::Real;

/// Settings of Adam.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// Decay of the first moment, `b1`.
    pub beta1: f64,
    /// Decay of the second moment, `b2`.
    pub beta2: f64,
    /// `eps`.
    pub epsilon: f64,
    /// Decoupled weight decay; above 0 it is AdamW.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

impl Adam {
    /// One step, the `step`-th from 1.
    pub fn step<F: Real>(&self, rate: f64, step: u64, x: &mut [F], m: &mut [F], v: &mut [F], g: &[F]) {
        let power = |b: f64| 1.0 - b.powf(step as f64);
        let (b1, b2) = (F::of(self.beta1), F::of(self.beta2));
        let (c1, c2) = (F::of(1.0 - self.beta1), F::of(1.0 - self.beta2));
        let (rate1, root2) = (F::of(rate / power(self.beta1)), F::of(1.0 / power(self.beta2).sqrt()));
        let (keep, epsilon) = (F::of(1.0 - rate * self.weight_decay), F::of(self.epsilon));
        for (((x, m), v), &g) in x.iter_mut().zip(m).zip(v).zip(g) {
            *m = b1 * *m + c1 * g;
            *v = b2 * *v + c2 * g * g;
            *x = keep * *x - rate1 * *m / (v.sqrt() * root2 + epsilon);
        }
    }
}

/// The learning rate, as a multiple of the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// 1.
    Constant,
    /// `factor^epoch`, epochs from 0.
    Exponential(f64),
    /// Rises linearly over this share of all steps, then falls to 0 as half a cosine.
    Cosine {
        /// Share of the steps.
        warm_up: f64,
    },
}

impl Schedule {
    /// The factor in `epoch`, at `progress` of all steps (0 to 1).
    pub fn factor(&self, epoch: usize, progress: f64) -> f64 {
        match *self {
            Schedule::Constant => 1.0,
            Schedule::Exponential(factor) => factor.powf(epoch as f64),
            Schedule::Cosine { warm_up } if progress < warm_up => progress / warm_up,
            Schedule::Cosine { warm_up } => {
                let rest = ((progress - warm_up) / (1.0 - warm_up)).clamp(0.0, 1.0);
                0.5 * (1.0 + (std::f64::consts::PI * rest).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three steps by the formulas of the paper, written out for one scalar.
    #[test]
    fn adam_and_adamw_by_hand() {
        for decay in [0.0, 0.1] {
            let adam = Adam { weight_decay: decay, ..Adam::default() };
            let (mut x, mut m, mut v) = ([0.5f64], [0.0], [0.0]);
            let (mut want, mut first, mut second) = (0.5f64, 0.0, 0.0f64);
            for (t, g) in [0.3, -0.2, 1.0].into_iter().enumerate() {
                let t = t as i32 + 1;
                adam.step(0.01, t as u64, &mut x, &mut m, &mut v, &[g]);
                first = 0.9 * first + 0.1 * g;
                second = 0.999 * second + 0.001 * g * g;
                let ratio = first / (1.0 - 0.9f64.powi(t)) / ((second / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
                want -= 0.01 * (ratio + decay * want);
                assert!((x[0] - want).abs() < 1e-12, "{} {want}", x[0]);
            }
        }
    }

    #[test]
    fn schedules() {
        assert_eq!(Schedule::Exponential(0.5).factor(3, 0.9), 0.125);
        let cosine = Schedule::Cosine { warm_up: 0.2 };
        assert_eq!((cosine.factor(0, 0.1), cosine.factor(0, 0.2)), (0.5, 1.0));
        assert!(cosine.factor(0, 1.0).abs() < 1e-15 && (cosine.factor(0, 0.6) - 0.5).abs() < 1e-15);
    }
}
