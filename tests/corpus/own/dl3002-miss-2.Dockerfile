FROM a:1 AS x
USER foo
FROM x
