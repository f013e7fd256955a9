FROM x.y:5000/a:latest
