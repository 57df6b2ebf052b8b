#!/usr/bin/env bash
# LlamaEngine beside llama.cpp and ik_llama.cpp on this machine's processor, written to benchmarks/results/.
#
#   LLAMA_BENCH=…/llama-bench LLAMA_BATCHED_BENCH=…/llama-batched-bench [IK_LLAMA_BENCH=…/llama-bench] [SMOLLM2=…-q4_1.gguf] \
#       benchmarks/cpu-table.sh [-r ROUNDS] [-t THREADS] [-n GEN] [-o FILE] [MODEL...]
#
# Without MODELs: Llama 3.2 1B in six types, Llama 3.1 8B in Q4_0 and SmolLM2 in two, all but SmolLM2's file with random weights. 8B takes 5 GB
# of disk in the temporary folder and as much memory, the whole an hour or two.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
rounds=5 threads=2 gen=64 output=""

usage() { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

while getopts r:t:n:o: option; do
    case "$option" in
        r) rounds="$OPTARG" ;;
        t) threads="$OPTARG" ;;
        n) gen="$OPTARG" ;;
        o) output="$OPTARG" ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
models=("$@")
if [ ${#models[@]} -eq 0 ]; then
    models=("${SMOLLM2:-smollm2-135m:Q4_1}" smollm2-135m:Q8_0 llama-3.2-1b:{Q4_0,Q8_0,Q4_K,Q6_K,BF16,F16} llama-3.1-8b:Q4_0)
fi

dotnet build "$here/LlamaEngine.Benchmarks" --configuration Release --nologo --verbosity quiet >&2
processor() { sed -n "s/^$1[^:]*: //p" /proc/cpuinfo | head -1; }
output="${output:-$here/results/$(date +%F)-cpu-family$(processor 'cpu family')-$threads-threads.md}"
bandwidth() { dotnet "$here/LlamaEngine.Benchmarks/bin/Release/net10.0/LlamaEngine.Benchmarks.dll" --kernel bandwidth --threads "$threads"; }

{
    echo "# On the processor, $(date +%F)"
    echo
    echo "Commit $(git -C "$here" rev-parse --short=12 HEAD). $(processor 'model name'), family $(processor 'cpu family'), model $(processor model);" \
        "$(grep -om1 -E 'avx512_vnni|avx2' /proc/cpuinfo | tail -1) is the widest of AVX2 and AVX-512 with VNNI."
    echo
    echo '```'
    echo "$(basename "$0") -r $rounds -t $threads -n $gen ${models[*]##*/}"
    bandwidth
    echo '```'
    echo
    "$here/compare-llamacpp.sh" -r "$rounds" -t "$threads" -n "$gen" "${models[@]}"
    if [ -x "${LLAMA_BATCHED_BENCH:-}" ]; then
        echo
        echo "Many sequences of llama-3.2-1b:Q4_0 at once, 16 tokens of prompt and $gen generated each:"
        echo
        work="$(mktemp -d)"
        trap 'rm -rf "$work"' EXIT
        dotnet "$here/../src/LlamaEngine.Cli/bin/Release/net10.0/llama-engine.dll" bench --synthetic llama-3.2-1b:Q4_0 --save "$work/1b.gguf" \
            --threads "$threads" --prompt 1 --gen 1 --repeat 1 >/dev/null
        "$here/compare-batched.sh" -r "$rounds" -t "$threads" -p 16 -n "$gen" -u 1,8,32 "$work/1b.gguf"
    fi
    echo
    echo "From the start of the process to the first token:"
    echo
    "$here/compare-load.sh" -r "$rounds" -t "$threads" "${SMOLLM2:-smollm2-135m:Q4_1}" llama-3.2-1b:{Q4_0,Q6_K}
    echo
    echo '```'
    bandwidth
    echo '```'
} | tee "$output"
