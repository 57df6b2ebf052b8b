#!/usr/bin/env bash
# Throughput of many sequences at once, LlamaEngine beside llama.cpp's llama-batched-bench, interleaved round by round.
#
#   LLAMA_BATCHED_BENCH=/path/to/llama-batched-bench benchmarks/compare-batched.sh [-r ROUNDS] [-t THREADS] [-p PROMPT] [-n GEN] [-u USERS,USERS,…] MODEL.gguf
#
# Both compute the prompts of all sequences and then generate from all of them; what is compared is prompt and generated tokens over
# wall time (llama-batched-bench's column S). Prints a table: the median of the rounds, and ours divided by llama.cpp's.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
rounds=3 threads=2 prompt=128 gen=64 users=1,8,32

usage() { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

while getopts r:t:p:n:u: option; do
    case "$option" in
        r) rounds="$OPTARG" ;;
        t) threads="$OPTARG" ;;
        p) prompt="$OPTARG" ;;
        n) gen="$OPTARG" ;;
        u) users="$OPTARG" ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 1 ] || usage
if [ ! -x "${LLAMA_BATCHED_BENCH:-}" ]; then
    echo "LLAMA_BATCHED_BENCH must name llama.cpp's llama-batched-bench, built for this machine (cmake -DGGML_NATIVE=ON)." >&2
    exit 1
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
dotnet build "$root/src/LlamaEngine.Cli" --configuration Release --nologo --verbosity quiet >&2

# As many requests as users, and one warm-up run of the same before.
ours() { # users
    dotnet "$root/src/LlamaEngine.Cli/bin/Release/net10.0/llama-engine.dll" bench-serving --model "$model" --threads "$threads" \
        --users "$1" --requests "$1" --prompt "$prompt" --gen "$gen" --temperature 0 --json \
        | tr -d ' \n' | sed -n 's/.*"wall_seconds":\([0-9.eE+-]*\),"prompt_tokens":\([0-9]*\),"generated_tokens":\([0-9]*\).*/\1 \2 \3/p' \
        | awk '{ print ($2 + $3) / $1 }' >>"$work/$1.ours"
}

theirs() {
    "$LLAMA_BATCHED_BENCH" -m "$model" -c $(((prompt + gen) * ${users##*,} + 256)) -npp "$prompt" -ntg "$gen" -npl "$users" -t "$threads" -tb "$threads" 2>/dev/null \
        | awk -F'|' '$2 ~ /^ *[0-9]+ *$/ { gsub(/ /, ""); print $4, $11 }' \
        | while read -r count speed; do echo "$speed" >>"$work/$count.theirs"; done
}

median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

model="$1"
for ((round = 1; round <= rounds; round++)); do
    for count in ${users//,/ }; do
        ours "$count"
    done
    theirs
done

printf '| sequences | LlamaEngine tokens/s | llama.cpp tokens/s | ratio |\n|---|---|---|---|\n'
for count in ${users//,/ }; do
    awk -v n="$count" -v a="$(median "$work/$count.ours")" -v b="$(median "$work/$count.theirs")" \
        'BEGIN { printf "| %d | %.0f | %.0f | %.2f |\n", n, a, b, a / b }'
done
