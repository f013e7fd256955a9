FROM mcr.microsoft.com/dotnet/sdk:9.0-alpine3.22 AS build
WORKDIR /src
# The dependencies alone first: they change less often than what uses them.
COPY {{start}} packages.lock.json ./
RUN dotnet restore --locked-mode {{start}}
COPY . .
RUN dotnet publish --no-restore -c Release -p:AssemblyName={{name}} -o /out {{start}}

FROM mcr.microsoft.com/dotnet/aspnet:9.0-alpine3.22
COPY --from=build /out /app
ENV ASPNETCORE_HTTP_PORTS={{port}}
EXPOSE {{port}}
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:{{port}}{{health-path}}"]
CMD ["dotnet", "/app/{{name}}.dll"]
