//! What a container of a deployment is put to, told as tests are.

use std::time::Instant;

use super::name::Name;
use super::swap::Swap;
use crate::engine::Image;
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Outcome, millis};
use crate::expect::{CheckResult, Evidence, Health, Misfit, ReadySpec, Verdict};
use crate::image::label::deploy as label;
use crate::smoke::Gate;

impl Swap<'_> {
    /// The gates of the deployment, for containers that carry `label`.
    pub(super) fn gate(&self, label: String) -> Gate<'_> {
        self.gate_of(self.wanted.image, &self.wanted.deploy.ready, true, label)
    }

    fn gate_of<'a>(&'a self, image: &'a Image, ready: &'a ReadySpec, asks: bool, label: String) -> Gate<'a> {
        let deploy = self.wanted.deploy;
        Gate {
            keeper: self.keeper,
            image,
            ready,
            http: if asks { &deploy.http } else { &[] },
            network: deploy.networks.first().map(|joined| joined.name.as_str()),
            label,
            elsewhere: None,
        }
    }

    /// The gate of a container that has the deployment's ports of the host, on an engine that is elsewhere: there only those
    /// lead to it. A trial beside what runs has none.
    pub(super) fn far<'a>(&self, gate: Gate<'a>, has_ports: bool) -> Gate<'a> {
        if !self.engine().info().remote {
            return gate;
        }
        let host = self.engine().endpoint().published_host();
        let ports = self.wanted.deploy.ports.iter().filter(|port| has_ports && !port.udp);
        let open = ports.filter(|port| port.address.as_deref().is_none_or(|address| !is_local(address)));
        let joined = |address: &str, port: u16| match address.contains(':') {
            true => format!("[{address}]:{port}"),
            false => format!("{address}:{port}"),
        };
        let ways =
            open.map(|port| (port.container, joined(port.address.as_deref().unwrap_or(host), port.host)));
        let gate = Gate { elsewhere: Some(ways.collect()), ..gate };
        let unasked = gate.unasked();
        if !unasked.is_empty() {
            let ports: Vec<String> = unasked.iter().map(ToString::to_string).collect();
            self.events.note(format!(
                "port {} is not asked: the engine is on another machine, and nothing leads there from here",
                ports.join(", ")
            ));
        }
        gate
    }

    /// Awaits `work`, told as a test called `name`; what does not fit is an error of kind `Deploy`.
    pub(super) async fn judged(
        &self,
        name: &str,
        work: impl Future<Output = Result<(Vec<Misfit>, Vec<Evidence>)>>,
    ) -> Result<()> {
        self.events.emit(Event::TestStarted { name: name.to_owned() });
        let began = Instant::now();
        let (misfits, evidence) = Box::pin(work).await?;
        let problems: Vec<String> = misfits.iter().map(Misfit::sentence).collect();
        let passed = misfits.is_empty();
        let (ms, verdict) = (millis(began.elapsed()), if passed { Verdict::Passed } else { Verdict::Failed });
        let check = CheckResult {
            name: name.to_owned(),
            kind: "start".to_owned(),
            verdict,
            ms,
            misfits,
            reproduce: None,
        };
        self.events.emit(Event::TestFinished {
            name: name.to_owned(),
            outcome: if passed { Outcome::Ok } else { Outcome::Failed },
            ms,
            problems: problems.clone(),
            checks: vec![check],
            evidence,
        });
        match passed {
            true => Ok(()),
            false => Err(Error::new(
                Kind::Deploy,
                format!("{} did not pass: {name}: {}", self.record.reference, problems.join("; ")),
            )),
        }
    }

    fn label(&self) -> String {
        format!("{}={}", label::NAME, self.wanted.deploy.name)
    }

    /// Whether it is ready, and answers.
    pub(super) async fn ready(&self, id: &str) -> Result<()> {
        let looked = async {
            let image = self.image_of(id).await?;
            let gate = self.far(self.gate_of(&image, &self.wanted.deploy.ready, true, self.label()), true);
            let misfits = gate.pass(id).await?;
            let evidence = self.evidence(&gate, id, &misfits).await;
            Ok((misfits, evidence))
        };
        self.judged("ready", looked).await
    }

    /// Whether it stays so.
    pub(super) async fn watched(&self, id: &str) -> Result<()> {
        let looked = async {
            let gate = self.far(self.gate(self.label()), true);
            let misfits = gate.watch(id, self.wanted.deploy.watch).await?;
            let evidence = self.evidence(&gate, id, &misfits).await;
            Ok((misfits, evidence))
        };
        self.judged("watch", looked).await
    }

    /// Whether the old one serves again. It has to answer what the configuration asks where it answered the same when it
    /// came; else it has to be healthy, and stay up.
    pub(super) async fn serves(&self, id: &str) -> Result<()> {
        let looked = async {
            let image = self.image_of(id).await?;
            let found = self.find().await?;
            let all = [found.current, found.previous].into_iter().flatten();
            let record = all.filter(|seen| seen.id == id).find_map(|seen| seen.record);
            let same = record.is_some_and(|record| record.spec.gates == self.record.spec.gates);
            let deploy = &self.wanted.deploy;
            let by_health = ReadySpec {
                health: Health::WhereDeclared,
                http: None,
                log: None,
                ports: Vec::new(),
                ..deploy.ready.clone()
            };
            let ready = if same { &deploy.ready } else { &by_health };
            let gate = self.far(self.gate_of(&image, ready, same, self.label()), true);
            let misfits = gate.pass(id).await?;
            let evidence = self.evidence(&gate, id, &misfits).await;
            Ok((misfits, evidence))
        };
        self.judged("serves again", looked).await
    }

    async fn evidence(&self, gate: &Gate<'_>, id: &str, misfits: &[Misfit]) -> Vec<Evidence> {
        if misfits.is_empty() {
            return Vec::new();
        }
        let (spec, _) = self.wanted.container(&self.record, self.names().get(Name::Current));
        gate.evidence(id, &spec, &self.record.reference).await
    }

    async fn image_of(&self, id: &str) -> Result<Image> {
        let container = self.engine().inspect_container(id).await?;
        let image = match container {
            Some(container) => self.engine().inspect_image(&container.image_id).await?,
            None => None,
        };
        Ok(image.unwrap_or_else(|| self.wanted.image.clone()))
    }
}

/// Whether an address leads to the machine itself alone.
fn is_local(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
