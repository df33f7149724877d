//! Learn the regularisers of a linear model by hypergradient.
