#!/usr/bin/env bash
# Speed of LlamaEngine, llama.cpp and, if it is named, ik_llama.cpp on the same files, interleaved round by round on the same machine.
#
#   LLAMA_BENCH=/path/to/llama-bench [IK_LLAMA_BENCH=/path/to/ik's/llama-bench] benchmarks/compare-llamacpp.sh \
#       [-r ROUNDS] [-t THREADS] [-p PROMPT] [-n GEN] MODEL...
#
# A MODEL is a GGUF file, or SHAPE:TYPE (llama-3.2-1b:Q4_0), for which a file of random weights is written to a temporary folder and
# deleted after its rounds. Prints a table in Markdown: the medians of the rounds in tokens a second, and the medians of our speed divided by
# theirs in the same round. ik_llama.cpp runs with and without -rtr, and the faster of the two counts.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
rounds=5 threads=2 prompt=512 gen=128

usage() { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

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
require() { [ -x "$2" ] || { echo "$1 must name $3, built for this machine (cmake -DGGML_NATIVE=ON)." >&2; exit 1; }; }
require LLAMA_BENCH "${LLAMA_BENCH:-}" "llama.cpp's llama-bench"
peers=(llamacpp)
if [ -n "${IK_LLAMA_BENCH:-}" ]; then
    require IK_LLAMA_BENCH "$IK_LLAMA_BENCH" "ik_llama.cpp's llama-bench"
    peers+=(ik ik-rtr)
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

dotnet build "$root/src/LlamaEngine.Cli" --configuration Release --nologo --verbosity quiet >&2
engine() { dotnet "$root/src/LlamaEngine.Cli/bin/Release/net10.0/llama-engine.dll" "$@"; }

# A number of a JSON object on standard input, by the path of keys that leads to it.
median_of() { tr -d ' \n' | sed -n "s/.*\"$1\":{\"median\":\([0-9.eE+-]*\).*/\1/p" | awk 1; }

# run ENGINE FILE WHERE: appends a speed to WHERE.prefill.ENGINE and WHERE.decode.ENGINE.
run() {
    local output
    case "$1" in
        ours)
            output="$(engine bench --model "$2" --threads "$threads" --prompt "$prompt" --gen "$gen" --repeat 1 --json)"
            median_of prefill_tokens_per_second <<<"$output" >>"$3.prefill.ours"
            median_of decode_tokens_per_second <<<"$output" >>"$3.decode.ours"
            return ;;
        llamacpp) output="$("$LLAMA_BENCH" -m "$2" -t "$threads" -p "$prompt" -n "$gen" -r 1 -o json 2>/dev/null)" ;;
        ik) output="$("$IK_LLAMA_BENCH" -m "$2" -t "$threads" -p "$prompt" -n "$gen" -r 1 -o json 2>/dev/null)" ;;
        ik-rtr) output="$("$IK_LLAMA_BENCH" -m "$2" -t "$threads" -p "$prompt" -n "$gen" -r 1 -rtr 1 -o json 2>/dev/null)" ;;
    esac
    awk -F'[:,]' -v where="$3" -v name="$1" '
        /"n_gen"/ { generated = $2 + 0 }
        /"avg_ts"/ { print $2 + 0 >> (where (generated == 0 ? ".prefill." : ".decode.") name) }' <<<"$output"
}

median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
ratio() { paste "$1" "$2" | awk '{ print $1 / $2 }' | median; }

processor="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)"
family="$(sed -n 's/^cpu family[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1)"
echo "${processor:-unknown processor}, family ${family:-unknown}; $threads threads, $rounds interleaved rounds, tokens a second"
echo
echo "| model | test | llama.cpp | ours | ratio |$([ "${#peers[@]}" -gt 1 ] && echo ' ik_llama.cpp | ratio |' || true)"
echo "|---|---|---|---|---|$([ "${#peers[@]}" -gt 1 ] && echo '---|---|' || true)"
for model in "$@"; do
    file="$model" name="$(basename "$model")" written=""
    if [ ! -e "$model" ]; then
        file="$work/$(tr ':/' '--' <<<"$model").gguf" written="$file"
        engine bench --synthetic "$model" --save "$file" --threads "$threads" --prompt 1 --gen 1 --repeat 1 >/dev/null
    fi
    rm -f "$work"/speed.*
    for ((round = 1; round <= rounds; round++)); do
        echo "$name: round $round of $rounds" >&2
        for peer in "${peers[@]}"; do run "$peer" "$file" "$work/speed"; done
        run ours "$file" "$work/speed"
    done
    [ -z "$written" ] || rm -f "$written"
    for part in prefill decode; do
        at="$work/speed.$part" test="$([ $part = prefill ] && echo "pp$prompt" || echo "tg$gen")"
        printf '| %s | %s | %.1f | %.1f | %.2f |' "$name" "$test" "$(median <"$at.llamacpp")" "$(median <"$at.ours")" "$(ratio "$at.ours" "$at.llamacpp")"
        if [ "${#peers[@]}" -gt 1 ]; then
            best=ik
            awk -v a="$(median <"$at.ik-rtr")" -v b="$(median <"$at.ik")" 'BEGIN { exit !(a > b) }' && best=ik-rtr
            printf ' %.1f%s | %.2f |' "$(median <"$at.$best")" "$([ $best = ik ] || echo ' (rtr)')" "$(ratio "$at.ours" "$at.$best")"
        fi
        echo
    done
done
