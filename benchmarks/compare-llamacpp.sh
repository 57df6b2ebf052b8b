#!/usr/bin/env bash
# Speed of LlamaEngine and llama.cpp on the same files, interleaved round by round on the same machine.
#
#   LLAMA_BENCH=/path/to/llama-bench benchmarks/compare-llamacpp.sh [-r ROUNDS] [-t THREADS] [-p PROMPT] [-n GEN] MODEL...
#
# A MODEL is a GGUF file, or SHAPE:TYPE (llama-3.2-1b:Q4_0), for which a file of random weights is written once to a
# temporary folder. Prints a table: the median of the rounds in tokens a second, and ours divided by llama.cpp's.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
rounds=5 threads=2 prompt=512 gen=128

usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

while getopts r:t:p:n: option; do
    case "$option" in
        r) rounds="$OPTARG" ;;
        t) threads="$OPTARG" ;;
        p) prompt="$OPTARG" ;;
        n) gen="$OPTARG" ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage
if [ ! -x "${LLAMA_BENCH:-}" ]; then
    echo "LLAMA_BENCH must name llama.cpp's llama-bench, built for this machine (cmake -DGGML_NATIVE=ON)." >&2
    exit 1
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

dotnet build "$root/src/LlamaEngine.Cli" --configuration Release --nologo --verbosity quiet >&2
engine() { dotnet "$root/src/LlamaEngine.Cli/bin/Release/net10.0/llama-engine.dll" "$@"; }

# A number of a JSON object on standard input, by the path of keys that leads to it.
median_of() { tr -d ' \n' | sed -n "s/.*\"$1\":{\"median\":\([0-9.eE+-]*\).*/\1/p"; }

run_engine() { # file, what
    local json
    json="$(engine bench --model "$1" --threads "$threads" --prompt "$prompt" --gen "$gen" --repeat 1 --json)"
    median_of prefill_tokens_per_second <<<"$json" >>"$2.prefill.ours"
    median_of decode_tokens_per_second <<<"$json" >>"$2.decode.ours"
}

run_llamacpp() { # file, what
    local lines
    lines="$("$LLAMA_BENCH" -m "$1" -t "$threads" -p "$prompt" -n "$gen" -r 1 -o jsonl 2>/dev/null)"
    grep '"n_gen": 0' <<<"$lines" | sed 's/.*"avg_ts": \([0-9.]*\).*/\1/' >>"$2.prefill.theirs"
    grep '"n_prompt": 0' <<<"$lines" | sed 's/.*"avg_ts": \([0-9.]*\).*/\1/' >>"$2.decode.theirs"
}

median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

files=() names=()
for model in "$@"; do
    file="$model"
    if [ ! -e "$model" ]; then
        file="$work/synthetic.$(tr ':/' '--' <<<"$model").gguf"
        engine bench --synthetic "$model" --save "$file" --threads "$threads" --prompt 1 --gen 1 --repeat 1 >/dev/null
    fi
    files+=("$file")
    names+=("$(basename "$model")")
done

for ((round = 1; round <= rounds; round++)); do
    for i in "${!files[@]}"; do
        echo "round $round of $rounds: ${names[$i]}" >&2
        run_llamacpp "${files[$i]}" "$work/$i"
        run_engine "${files[$i]}" "$work/$i"
    done
done

processor="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)"
echo "${processor:-unknown processor}; $threads threads, median of $rounds interleaved rounds, tokens a second"
printf '%-34s %-8s %10s %10s %7s\n' model test llama.cpp ours ratio
for i in "${!files[@]}"; do
    for part in prefill decode; do
        ours="$(median "$work/$i.$part.ours")" theirs="$(median "$work/$i.$part.theirs")"
        awk -v m="${names[$i]}" -v t="$([ $part = prefill ] && echo "pp$prompt" || echo "tg$gen")" -v a="$theirs" -v b="$ours" \
            'BEGIN { printf "%-34s %-8s %10.1f %10.1f %7.2f\n", m, t, a, b, b / a }'
    done
done
