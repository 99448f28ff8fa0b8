# Gatehouse as an image: what requirements.lock names, by hash, and the three packages; nothing that builds.
# The image runs as nobody in particular, on a root file system that may be read-only (compose.yaml does so).

FROM python:3.13-slim-trixie AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# The lock holds the tools of the tests as well; what serving needs is selected by the code of the first start.
COPY requirements.lock pyproject.toml ./
COPY bot/__init__.py bot/checkout.py bot/first_start.py bot/
RUN python -m venv --without-pip /opt/gatehouse \
    && python -c "from pathlib import Path; from bot.checkout import USED, Checkout; from bot.first_start import Lock; \
lock = Lock(Checkout(Path())); print(*lock.select(lock.declared(USED)), sep='')" > wanted.txt \
    && python -m pip --python /opt/gatehouse/bin/python install --require-hashes --only-binary :all: -r wanted.txt
COPY bot/ bot/
COPY handlers/ handlers/
COPY blocks/ blocks/
RUN cp -r bot handlers blocks "$(/opt/gatehouse/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    && PYTHONDONTWRITEBYTECODE= /opt/gatehouse/bin/python -m compileall -q -j 0 /opt/gatehouse/lib

FROM python:3.13-slim-trixie
# Nothing is installed in a running container, and SQLite files and .env of those who want them are in /data.
RUN python -m pip uninstall --yes --quiet pip \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin gatehouse \
    && install -d -o gatehouse -g gatehouse -m 0700 /data
COPY --from=build /opt/gatehouse /opt/gatehouse
ENV PATH=/opt/gatehouse/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    GATEHOUSE_HOST=0.0.0.0 GATEHOUSE_PORT=3000 GATEHOUSE_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f\"http://127.0.0.1:{os.environ['GATEHOUSE_PORT']}/healthz\", timeout=2)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["serve"]
