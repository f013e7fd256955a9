FROM maven:3.9-eclipse-temurin-21-alpine AS build
WORKDIR /src
# The dependencies alone first: they change less often than what uses them.
COPY pom.xml ./
RUN mvn -B -q dependency:go-offline
COPY . .
RUN mvn -B -q package

FROM eclipse-temurin:21-jre-alpine
COPY --from=build /src/{{start}} /app/{{name}}.jar
ENV PORT={{port}}
EXPOSE {{port}}
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:{{port}}{{health-path}}"]
CMD ["java", "-XX:MaxRAMPercentage=75", "-jar", "/app/{{name}}.jar"]
