#include "gusto/cli/run_command.h"

int main(int argc, char** argv) { return gusto::run_command(argc, argv); }
