#!/usr/bin/env bash
# Tests and measures LlamaEngine's CUDA path on this machine: builds the kernels with nvcc where there is one, runs the kernel tests and
# the backend tests with every build of the kernels (nvcc's, and clang's from this archive), looks for bad memory accesses and races with
# compute-sanitizer, and measures. Needs no .NET, no network and no root. Prints a table in the end; results/results.json has all of it.
#
#   ./run.sh                       everything, on the first GPU
#   ./run.sh tests benchmark       some steps only: of build, tests, sanitizer, benchmark
#   ./run.sh --software            everything on the software device of this archive, in small: proves that the script works
#   LLAMAENGINE_CUDA_LIBRARY=F     likewise on the library F in place of the driver
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
root="$PWD"
export HOME="${HOME:-/tmp}"

all_steps="build tests sanitizer benchmark"
steps=""
for argument in "$@"; do
    case "$argument" in
        --software) export LLAMAENGINE_CUDA_LIBRARY="$root/software/libcuda-simt.so" ;;
        build | tests | sanitizer | benchmark) steps="$steps $argument" ;;
        *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done
steps="${steps:-$all_steps}"
wanted() { case " $steps " in *" $1 "*) true ;; *) false ;; esac; }

# The software device runs a thread at a time: small sizes, and no tool that looks into GPUs.
case "${LLAMAENGINE_CUDA_LIBRARY:-}" in *simt*) software=true ;; *) software=false ;; esac
quick=""; $software && quick="--quick"

commit="$(cat COMMIT)"
results="$root/results"
mkdir -p "$results"
failed=0
say() { printf '\n== %s\n' "$*"; }

# --- The device ---

say "the device"
programs/llama-engine doctor | tee "$results/doctor.txt"
programs/llama-engine doctor --json > "$results/doctor.json" 2>/dev/null || echo null > "$results/doctor.json"

# --- Kernels, by every compiler there is ---

builds=clang
nvcc="$(command -v nvcc || ls "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" 2>/dev/null || true)"
if wanted build && [ -n "$nvcc" ]; then
    say "kernels by nvcc: $("$nvcc" --version | sed -n 's/.*release \([^,]*\).*/\1/p')"
    if ! command -v cmake > /dev/null; then
        echo "cmake is missing, so nvcc is not used."
    elif CUDACXX="$nvcc" cmake -S . -B "$results/native" -DLLAMAENGINE_CUDA_COMPILER=nvcc -DLLAMAENGINE_NVCC="$nvcc" -DLLAMAENGINE_SIMT=OFF \
            && cmake --build "$results/native"; then
        mkdir -p kernels/nvcc && cp "$results"/native/kernels/*.ptx kernels/nvcc/
    else
        echo "FAILED: nvcc does not compile the kernels."
        failed=1
    fi
elif wanted build; then
    say "kernels by nvcc: there is no nvcc here; those that clang built are used"
fi
[ -f kernels/nvcc/sm_80.ptx ] && builds="nvcc clang"

# --- Tests ---

# Counts of an xunit report: "passed failed skipped".
counts() {
    [ -f "$1" ] || { echo "0 1 0"; return; }
    grep -o '<assembly [^>]*>' "$1" | head -1 | awk '{
        p = f = s = e = 0
        for (i = 1; i <= NF; i++) {
            if (split($i, part, "\"") < 2) continue
            if (part[1] == "passed=") p = part[2]; else if (part[1] == "failed=") f = part[2]
            else if (part[1] == "skipped=") s = part[2]; else if (part[1] == "errors=") e = part[2]
        }
        print p, f + e, s }'
}

table=""
json_runs=""
add_row() { table="$table$(printf '%-8s %-34s %s' "$1" "$2" "$3")"$'\n'; }

# test_with KERNELS NAME TITLE ARGUMENTS…: sets `json`.
test_with() {
    local kernels="$1" name="$2" title="$3" report="$results/$1-$2.xml" code passed fail skipped
    shift 3
    say "$title, kernels by $kernels"
    rm -f "$report"
    programs/LlamaEngine.Tests -noLogo -noColor -xml "$report" "$@" > "$results/$kernels-$name.log" 2>&1
    code=$?
    read -r passed fail skipped <<< "$(counts "$report")"
    # A run that broke off, or found no test, is no success.
    if [ "$code" -ne 0 ] && [ "$fail" -eq 0 ] || [ $((passed + fail + skipped)) -eq 0 ]; then fail=$((fail + 1)); fi
    [ "$fail" -eq 0 ] || { failed=1; grep -n '\[FAIL\]' "$results/$kernels-$name.log" | head -20; }
    echo "$passed passed, $fail failed, $skipped skipped (results/$kernels-$name.log)"
    add_row "$kernels" "$title" "$passed passed, $fail failed, $skipped skipped"
    json="{\"passed\": $passed, \"failed\": $fail, \"skipped\": $skipped}"
}

kernel_tests=(-namespace 'LlamaEngine.Tests.Backends.Cuda*')
backend_tests=(-trait 'Device=Any')
if $software; then
    # The whole takes as long as in continuous integration, where it has run already; these prove the path.
    backend_tests+=(-namespace 'LlamaEngine.Tests.Models*')
fi

# --- compute-sanitizer ---

sanitizer="$(command -v compute-sanitizer || ls "${CUDA_HOME:-/usr/local/cuda}/bin/compute-sanitizer" 2>/dev/null || true)"

# sanitize KERNELS TOOL: sets `json`. Tests also call the driver wrongly on purpose, so statuses of calls are not reported.
sanitize() {
    local kernels="$1" tool="$2" log="$results/$1-$2.log" outcome
    if $software; then outcome="not run: the software device looks for itself"
    elif [ -z "$sanitizer" ]; then outcome="not run: compute-sanitizer is missing"
    else
        say "compute-sanitizer $tool over the kernel tests, kernels by $kernels"
        timeout 1800 "$sanitizer" --tool "$tool" --report-api-errors no --error-exitcode 86 \
            programs/LlamaEngine.Tests -noLogo -noColor -parallel none "${kernel_tests[@]}" > "$log" 2>&1
        case $? in
            0) outcome="clean" ;;
            86) outcome="found errors"; failed=1 ;;
            124) outcome="ran past its time"; failed=1 ;;
            *) outcome="failed"; failed=1 ;;
        esac
        grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' "$log" | tail -1
    fi
    add_row "$kernels" "$tool" "$outcome"
    json="\"$outcome\""
}

# --- Benchmark ---

# rate WHAT FILE: the median of a figure of `bench --json`, whole tokens a second.
rate() { tr -d ' \n' < "$2" | sed -n "s/.*\"$1_tokens_per_second\":{\"median\":\([0-9]*\).*/\1/p"; }

# Whole decode steps, sampling included: tokens a second of random weights in a model's shape.
decode_steps() {
    local kernels="$1" shape log
    json=""
    local shapes="llama-3.2-1b:Q8_0 llama-3.2-1b:F16 llama-3.2-3b:Q4_K llama-3.1-8b:Q8_0 llama-3.1-8b:Q4_K"
    $software && shapes=""
    for shape in $shapes; do
        log="$results/$kernels-${shape/:/-}"
        if programs/llama-engine bench --synthetic "$shape" --device cuda --json > "$log.json" 2> "$log.log"; then
            json="$json${json:+, }$(cat "$log.json")"
            add_row "$kernels" "bench $shape" "tokens/s: prefill of 512 $(rate prefill "$log.json"), decode $(rate decode "$log.json")"
        else
            failed=1
            add_row "$kernels" "bench $shape" "FAILED: $(tail -1 "$log.log")"
        fi
    done
    if $software; then
        log="$results/$kernels-lexicon"
        if programs/llama-engine bench --model assets/lexicon-5m-q8_0.gguf --device cuda --prompt 8 --gen 2 --repeat 1 --json > "$log.json" 2> "$log.log"; then
            json="$(cat "$log.json")"
            add_row "$kernels" "bench Lexicon" "ran"
        else
            failed=1
            add_row "$kernels" "bench Lexicon" "FAILED: $(tail -1 "$log.log")"
        fi
    fi
}

benchmark_with() {
    local kernels="$1" file="$results/$1-benchmark.json" steps_json
    say "benchmark, kernels by $kernels"
    rm -f "$file"
    # shellcheck disable=SC2086 # nothing or one word
    if programs/LlamaEngine.Benchmarks --gpu $quick --json "$file" --commit "$commit" --kernels "$kernels" 2>&1 | tee "$results/$kernels-benchmark.txt"; then
        add_row "$kernels" "benchmark" "results/$kernels-benchmark.txt"
    else
        failed=1
        add_row "$kernels" "benchmark" "FAILED"
    fi
    decode_steps "$kernels"
    steps_json="$json"
    json="{\"kernels\": $([ -f "$file" ] && cat "$file" || echo null), \"models\": [$steps_json]}"
}

for kernels in $builds; do
    export LLAMAENGINE_PTX="$root/kernels/$kernels"
    entry="\"kernels\": \"$kernels\""
    if wanted tests; then
        test_with "$kernels" kernels "kernel tests" "${kernel_tests[@]}"
        entry="$entry, \"kernel_tests\": $json"
        LLAMAENGINE_TEST_DEVICE=cuda test_with "$kernels" backend "backend tests" "${backend_tests[@]}"
        entry="$entry, \"backend_tests\": $json"
    fi
    if wanted sanitizer; then
        sanitize "$kernels" memcheck
        entry="$entry, \"memcheck\": $json"
        sanitize "$kernels" racecheck
        entry="$entry, \"racecheck\": $json"
    fi
    if wanted benchmark; then
        benchmark_with "$kernels"
        entry="$entry, \"benchmark\": $json"
    fi
    json_runs="$json_runs${json_runs:+, }{$entry}"
done

printf '{"date": "%s", "commit": "%s", "software": %s, "succeeded": %s, "doctor": %s, "runs": [%s]}\n' "$(date -u +%Y-%m-%d)" "$commit" "$software" \
    "$([ "$failed" = 0 ] && echo true || echo false)" "$(cat "$results/doctor.json")" "$json_runs" > "$results/results.json"

say "results (results/results.json), $(date -u +%Y-%m-%d), commit $commit"
printf '%s' "$table"
exit "$failed"
