# CUDA image: docker build -f docker/cuda.Dockerfile -t mmboxcaseg:cuda .
# Run:        docker run --gpus all --shm-size 8g -v "$PWD/data":/opt/mmboxcaseg/data \
#                 mmboxcaseg:cuda python tools/train.py configs/boxcaseg/hrnet_w48_voc.py
ARG CUDA=13.0.2
FROM nvidia/cuda:${CUDA}-devel-ubuntu24.04

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        g++ python3 python3-dev python3-venv fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/mmboxcaseg
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1
RUN python3 -m venv $VIRTUAL_ENV
# Must be built for the CUDA above; the architectures are those of the GPUs
# that the image is for. No GPU is there while mmcv is compiled.
ARG TORCH_VERSION=2.13.0
ARG TORCH_INDEX=https://download.pytorch.org/whl/cu130
ARG TORCH_CUDA_ARCH_LIST="8.0;8.6;8.9;9.0"
ENV TORCH_CUDA_ARCH_LIST=$TORCH_CUDA_ARCH_LIST FORCE_CUDA=1
RUN pip install "setuptools<82" && pip install "torch==$TORCH_VERSION" --index-url $TORCH_INDEX
COPY . .
RUN bash tools/setup_env.sh
CMD ["boxcaseg", "--help"]
