//! Few-shot regression of temperatures from a learned start.
use unspool_apps::meta::{STEPS, SUPPORT, run};

fn main() -> unspool_core::Result<()> {
    println!("{STEPS} gradient steps on the hours {SUPPORT:?} of a day at a weather station predict the others;");
    println!("root mean squared error in degrees on held-out days, mean ± standard error over days:");
    let (learner, comparison) = run(400)?;
    print!("{comparison}");
    println!("learned step sizes {:.2?}", learner.log_steps.map(f64::exp));
    Ok(())
}
