#pragma once

#include <cstddef>

/// What this core can do at best, measured once, on the instruction set that gusto's kernels run on. A program that
/// includes this prints them before its figures.
///
/// Operations a second of fused multiply-adds (two operations each) that wait for nothing.
double peak_flops();
/// The same, measured again: the best of so many runs.
double peak_flops_now(int runs);
/// Bytes a second of reading so many that lie together, again and again: of little from a cache, of much from memory.
double read_rate(std::size_t bytes);

/// Runs on the level that GUSTO_CPU_LEVEL of the environment names, if it does, and adds the level and the floors to
/// what Google Benchmark prints first.
bool tell_floors();
inline const bool kFloorsTold = tell_floors();
