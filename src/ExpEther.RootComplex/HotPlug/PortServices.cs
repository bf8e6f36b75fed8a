using ExpEther.Core.Scheduling;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Interrupts;

namespace ExpEther.RootComplex.HotPlug;

/// <summary>The parts of a root complex that its hot-plug ports use.</summary>
internal record PortServices(
    string Name, OwnerScheduler Scheduler, IEventSink Events, IConfigAccess Config, InterruptController Interrupts);
