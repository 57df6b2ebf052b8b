#!/usr/bin/env bash
# Time from the start of the process to the first token, LlamaEngine beside llama.cpp, in turns, with the file in the page cache.
#
#   LLAMA_BENCH=/path/to/llama-bench benchmarks/compare-load.sh [-r ROUNDS] [-t THREADS] MODEL...
#
# A MODEL is a GGUF file, or SHAPE:TYPE (llama-3.2-1b:Q4_0), for which a file of random weights is written to a temporary folder. Both load the
# model, repack what they repack, compute four tokens and end: 'llama-engine logits', and 'llama-bench' of one prompt without warm-up.
# Prints a table in Markdown: medians in milliseconds, and the median of ours divided by llama.cpp's in the same round (less is better).
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
rounds=5 threads=2

usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

while getopts r:t: option; do
    case "$option" in
        r) rounds="$OPTARG" ;;
        t) threads="$OPTARG" ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage
[ -x "${LLAMA_BENCH:-}" ] || { echo "LLAMA_BENCH must name llama.cpp's llama-bench, built for this machine (cmake -DGGML_NATIVE=ON)." >&2; exit 1; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# As it is published: compiled ahead.
dotnet publish "$root/src/LlamaEngine.Cli" --configuration Release --runtime linux-x64 --self-contained --output "$work/published" --nologo --verbosity quiet >&2
engine() { "$work/published/llama-engine" "$@"; }
echo '[[1,2,3,4]]' >"$work/tokens.json"

# milliseconds COMMAND...: how long it took; a command that fails ends the script.
milliseconds() {
    local start
    start="$(date +%s%N)"
    "$@" >/dev/null 2>"$work/error" || { cat "$work/error" >&2; exit 1; }
    echo $((($(date +%s%N) - start) / 1000000))
}
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

echo "| model | llama.cpp, ms | ours, ms | ours / llama.cpp |"
echo "|---|---|---|---|"
for model in "$@"; do
    file="$model" written=""
    if [ ! -e "$model" ]; then
        file="$work/model.gguf" written="$file"
        engine bench --synthetic "$model" --save "$file" --threads "$threads" --prompt 1 --gen 1 --repeat 1 >/dev/null
    fi
    cat "$file" >/dev/null
    rm -f "$work/times"
    for ((round = 1; round <= rounds; round++)); do
        theirs="$(milliseconds "$LLAMA_BENCH" -m "$file" -t "$threads" -p 4 -n 0 -r 1 --no-warmup)"
        ours="$(milliseconds engine logits --model "$file" --tokens "$work/tokens.json" --out "$work/logits" --threads "$threads")"
        echo "$theirs $ours" >>"$work/times"
    done
    printf '| %s | %.0f | %.0f | %.2f |\n' "$(basename "$model")" "$(awk '{ print $1 }' "$work/times" | median)" \
        "$(awk '{ print $2 }' "$work/times" | median)" "$(awk '{ print $2 / $1 }' "$work/times" | median)"
    [ -z "$written" ] || rm -f "$written"
done
