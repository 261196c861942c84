#pragma once

/// The gusto command as a function: what a program of one's own calls to have it with models of one's own.
///
///   int main(int argc, char** argv) {
///     const gusto::ModelInfo* const models[]{&kMyModelInfo};
///     return gusto::run_command(argc, argv, models);
///   }

#include "gusto/models/registry.h"

namespace gusto {

/// Does what the command line says. The given models are listed, compared, trained and asked like gusto's own; a name
/// that gusto has already is a mistake.
///
/// Returns  the exit status: 0 done, 1 failure, 2 a mistake in the command or its input. Errors are printed, not thrown
/// Threads  one call at a time in a process: it prints to the standard streams, and Ctrl-C stops it
int run_command(int argc, char** argv, FurtherModels models = {});

}  // namespace gusto
