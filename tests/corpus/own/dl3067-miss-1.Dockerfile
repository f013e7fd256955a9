COPY . .
FROM b:1
COPY . .
