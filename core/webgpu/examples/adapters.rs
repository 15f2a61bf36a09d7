//! Prints the adapters of this machine.

use velum_stark::block_on;
use velum_webgpu::{Adapter, adapters};

fn main() {
    let adapters = block_on(adapters());
    if adapters.is_empty() {
        println!("no GPU is available: there is no adapter, in software neither");
    }
    for Adapter { name, interface, driver, is_software, has_64_bit, max_binding } in adapters {
        println!("{name}");
        println!("  interface      {interface}");
        println!("  driver         {driver}");
        println!("  computes on    {}", if is_software { "the processor" } else { "a GPU" });
        println!("  integers       {}", if has_64_bit { "32 and 64 bits" } else { "32 bits" });
        println!("  largest buffer {} MB", max_binding / 1_000_000);
    }
}
