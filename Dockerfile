# edgeward and nothing else: one static binary, the CA certificates, a user without rights.
#
#	docker build -t edgeward --build-arg VERSION="$(git describe --tags --always)" .
#
# The image runs the daemon; deploy/deployment.yaml shows with what.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
ARG COMMIT=unknown
RUN make build VERSION="$VERSION" COMMIT="$COMMIT" RELEASE=1

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/bin/edgeward /edgeward
# By number, as there is no /etc/passwd; Kubernetes wants it so to see that it is not root.
USER 65532:65532
EXPOSE 9467
ENTRYPOINT ["/edgeward"]
