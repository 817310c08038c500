//! What Linux says about processes: processor time and memory. Does not own starting them.

use std::{fs, sync::OnceLock};

/// User and system time of a process, all threads, ended ones too, in seconds.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name, in brackets, may hold spaces. After it come the fields from the third on; 14 and 15 are the times.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u32 = fields.skip(11).take(2).map(|field| field.parse::<u32>().expect("a number")).sum();
    f64::from(ticks) / ticks_per_second()
}

/// Time that the calling thread has spent on a processor, in seconds.
pub fn thread_cpu_seconds() -> f64 {
    // The kernel brings the figure up to date when the thread gives way.
    std::thread::yield_now();
    let stat = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with scheduler statistics");
    let nanoseconds: f64 =
        stat.split_whitespace().next().and_then(|field| field.parse().ok()).expect("a number");
    nanoseconds / 1e9
}

/// A line of `/proc/PID/status` that is in kB, such as `VmRSS`, in MiB.
pub fn memory_mib(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line =
        status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("a known name");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib / 1024.0
}

/// The unit of the times in `/proc/PID/stat`: `AT_CLKTCK` of the auxiliary vector.
fn ticks_per_second() -> f64 {
    static TICKS: OnceLock<f64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        const AT_CLKTCK: usize = 17;
        let vector = fs::read("/proc/self/auxv").expect("Linux");
        let words: Vec<usize> = vector
            .chunks_exact(size_of::<usize>())
            .map(|word| usize::from_ne_bytes(word.try_into().expect("chunks of that size")))
            .collect();
        let ticks = words.chunks_exact(2).find(|pair| pair[0] == AT_CLKTCK).map_or(100, |pair| pair[1]);
        f64::from(u32::try_from(ticks).expect("a small number"))
    })
}
