#!/usr/bin/env bash
# From a fresh machine to masks: sets up the environment, makes a small data
# set, trains the shipped BoxCaseg on its boxes, turns every box into a proxy mask, trains
# a Mask R-CNN on the masks, and ends with a table and pictures. Nothing is
# downloaded but the Python packages. Takes about 7 minutes on two idle CPU
# cores once the environment is there.
#
#   bash tools/quickstart.sh [FOLDER]        (default: work_dirs/quickstart)
#
# A step that has been done already is skipped, so a run that was stopped goes
# on where it was; remove FOLDER to begin anew.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash tools/setup_env.sh
source tools/active_env.sh
find_env

out="${1:-work_dirs/quickstart}"
mkdir -p "$out"
export MMBOXCASEG_QUICKSTART="$out"
export PYTHONWARNINGS=ignore

stage1=configs/boxcaseg/mini/mobilenetv2_synthetic.py
stage3=configs/proxy_mask_rcnn/mini/mask-rcnn_mobilenetv2_fpn_synthetic.py
boxcaseg="$out/boxcaseg/iter_400.pth"
mask_rcnn="$out/mask_rcnn/iter_360.pth"
# Each is scored by a step of its own.
no_validation=(val_cfg=None val_dataloader=None val_evaluator=None)
photos="$out/data/coco/train"
truth="$out/data/coco/annotations/instances_train.json"

steps=8
step=0
begin=$SECONDS
# announce TEXT EXPECTED_SECONDS_LEFT
announce() {
    step=$((step + 1))
    printf '\n\033[1m[%d/%d] %s\033[0m (%dm%02ds so far, about %s left)\n' \
        "$step" "$steps" "$1" $(((SECONDS - begin) / 60)) \
        $(((SECONDS - begin) % 60)) "$2"
}

announce 'A small data set: textured objects, boxes and salient images' '7 min'
if [ ! -f "$out/data/preview.png" ]; then
    "$python" tools/misc/make_synthetic_dataset.py --out "$out/data" \
        --num-train 300 --num-salient 400
fi

announce 'How training patches look' '6 min'
"$python" tools/misc/browse_dataset.py "$stage1" --out "$out/patches" \
    --num-batches 1

announce 'Stage 1: BoxCaseg, from boxes and salient objects' '6 min'
if [ ! -f "$boxcaseg" ]; then
    "$python" tools/train.py "$stage1" --work-dir "$out/boxcaseg" --resume \
        --cfg-options "${no_validation[@]}"
fi

announce 'Masks of each head beside the truth' '4 min'
if [ ! -f "$out/scores/fused.json" ]; then
    "$python" tools/analysis_tools/eval_heads.py "$stage1" "$boxcaseg" \
        --work-dir "$out/log" --out "$out/scores"
fi
"$python" tools/misc/draw_predictions.py masks "$stage1" "$boxcaseg" \
    --out "$out/masks.png"

announce 'Stage 2: a proxy mask for every training box' '4 min'
masks="$out/proxy_masks_train.json"
if [ ! -f "$masks" ]; then
    "$python" -m mmboxcaseg.cli masks "$truth" "$photos" -o "$masks" \
        --config "$stage1" --checkpoint "$boxcaseg" --resume
fi
"$python" -m mmboxcaseg.cli score "$masks" "$truth" \
    --json "$out/scores/proxy_merged.json"
"$python" -m mmboxcaseg.cli report "$masks" "$photos" --truth "$truth" \
    --out "$out/report"
"$python" tools/misc/draw_predictions.py proxy "$masks" \
    --img-dir "$photos" --out "$out/proxy_masks.png"

announce 'Stage 3: Mask R-CNN on the proxy masks' '4 min'
if [ ! -f "$mask_rcnn" ]; then
    "$python" tools/train.py "$stage3" --work-dir "$out/mask_rcnn" --resume \
        --cfg-options "${no_validation[@]}"
fi

announce 'What the Mask R-CNN finds' '1 min'
"$python" tools/test.py "$stage3" "$mask_rcnn" \
    --work-dir "$out/log" --metrics-out "$out/scores/mask_rcnn.json"
"$python" tools/misc/draw_predictions.py detections "$stage3" "$mask_rcnn" \
    --score-thr 0.5 --out "$out/detections.png"

announce 'Results' 'nothing'
"$python" tools/benchmarks/summarize_run.py "$out/scores"
cat <<EOF

Pictures, and a page for a browser:
  $out/data/preview.png     the data set
  $out/patches/             training patches as the model gets them
  $out/masks.png            masks of each head beside the truth
  $out/proxy_masks.png      proxy masks, their scores, which are ignored
  $out/report/index.html    all proxy masks: numbers, charts, pictures
  $out/detections.png       the Mask R-CNN's results
EOF
