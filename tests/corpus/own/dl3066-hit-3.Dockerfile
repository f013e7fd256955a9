FROM a:1 as x
USER foo
FROM x
