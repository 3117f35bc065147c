# What short.sh and long.sh share; sourced, in the root of the checkout.

build_fuzzers() { # build_fuzzers LOG
	cmake --preset fuzz >"$1" && cmake --build --preset fuzz >"$1" || { tail -40 "$1"; return 1; }
}

fuzzers() { # their programs, one a line
	find build/fuzz/tests -maxdepth 1 -name 'fuzz_*' -type f -executable | LC_ALL=C sort
}
