#!/usr/bin/env bash
# Runs `llama-engine doctor --json` under a real SLURM of three nodes on this machine, and checks what each task says.
# usage: doctor.sh LLAMA_ENGINE CLUSTER      the program (or its .dll), and the folder with up.sh and down.sh
# needs: root, slurm-wlm, munge, python3. A cluster that runs already can be used: set SLURM_CONF. Ends with 77 where none can be started.
set -euo pipefail
engine=$(realpath "${1:?the llama-engine program}"); cluster=${2:?the folder with up.sh}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
simt=$here/../../artifacts/native/libcuda-simt.so
work=$(mktemp -d)

run=("$engine")
[[ $engine == *.dll ]] && run=("${DOTNET_HOST_PATH:-dotnet}" exec "$engine")

# The daemons write until they have gone, some seconds after they were told to.
stop() {
  local status=$? pids
  pids=$(cat "$work"/cluster/*.pid 2>/dev/null || true)
  bash "$cluster/down.sh" "$work/cluster" || true
  for pid in $pids; do
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null && sleep 0.2 || break; done
  done
  rm -rf "$work" || true
  exit "$status"
}

if [[ -z ${SLURM_CONF:-} ]]; then
  if (exec 3<>/dev/tcp/127.0.0.1/7817) 2>/dev/null; then
    echo "a cluster runs already on port 7817; set SLURM_CONF to use it"
    exit 77
  fi
  export SLURM_CONF=$work/cluster/slurm.conf
  trap stop EXIT
  # The daemons stay; nothing of theirs may hold this script's output open.
  bash "$cluster/up.sh" "$work/cluster" 3 >"$work/up.log" 2>&1 </dev/null || { cat "$work/up.log"; exit 77; }
else
  trap 'rm -rf "$work"' EXIT
fi

# check NAME "PLACES" DEVICE SRUN-OPTIONS…: PLACES has node/rank/local rank/device for each task, in the order of ranks.
check() {
  local name=$1 places=$2 device=$3; shift 3
  rm -f "$work"/task.*
  timeout 120 srun "$@" -o "$work/task.%t" "${run[@]}" doctor --json --device "$device" </dev/null
  python3 - "$work" "$name" "$places" <<'PYTHON'
import json, sys
work, name, places = sys.argv[1:]
places = [place.split("/") for place in places.split()]
nodes = sorted({place[0] for place in places})
for rank, (node, number, local, device) in enumerate(places):
    found = json.load(open(f"{work}/task.{rank}"))
    wanted = {"rank": int(number), "world_size": len(places), "local_rank": int(local), "node": node, "nodes": nodes, "chosen_device": device}
    wrong = {key: (found.get(key), value) for key, value in wanted.items() if found.get(key) != value}
    if device.startswith("cuda:") and int(device[5:]) not in [entry["ordinal"] for entry in found["devices"]]:
        wrong["devices"] = (found["devices"], device)
    if found["cpus"] < 1 or found["memory_bytes"] < 1:
        wrong["cpus, memory_bytes"] = (found["cpus"], found["memory_bytes"])
    if wrong:
        sys.exit(f"{name}: task {rank} says {wrong} (found, expected)")
print(f"{name}: {len(places)} tasks are right")
PYTHON
}

unset LLAMAENGINE_CUDA_LIBRARY CUDA_VISIBLE_DEVICES
even="node1/0/0 node1/1/1 node2/2/0 node2/3/1 node3/4/0 node3/5/1"
check "processor" "$(for place in $even; do echo "$place/cpu"; done)" cpu -N3 --ntasks-per-node=2 --gres=gpu:2

if [[ ! -f $simt ]]; then
  echo "without the software device, which ./build.sh native builds"
  exit 0
fi
LLAMAENGINE_CUDA_LIBRARY=$(realpath "$simt")
export LLAMAENGINE_CUDA_LIBRARY
check "two GPUs for two tasks" \
  "node1/0/0/cuda:0 node1/1/1/cuda:1 node2/2/0/cuda:0 node2/3/1/cuda:1 node3/4/0/cuda:0 node3/5/1/cuda:1" \
  cuda -N3 --ntasks-per-node=2 --gres=gpu:2
check "one GPU a task, masked by SLURM" "node1/0/0/cuda:0 node1/1/1/cuda:0 node2/2/0/cuda:0 node2/3/1/cuda:0" cuda -N2 -n4 --gpus-per-task=1
check "three tasks on two nodes" "node1/0/0/cuda:0 node1/1/1/cuda:1 node2/2/0/cuda:0" cuda -N2 -n3 --gres=gpu:2
check "tasks that share a GPU" "node1/0/0/cuda:0 node1/1/1/cuda:0 node2/2/0/cuda:0" cuda -N2 -n3 --gres=gpu:1
check "the software device is not chosen by itself" "node1/0/0/cpu node2/1/0/cpu" auto -N2 -n2 --gres=gpu:2
