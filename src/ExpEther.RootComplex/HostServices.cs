using ExpEther.Core.Scheduling;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.HotPlug;
using ExpEther.RootComplex.Interrupts;
using ExpEther.RootComplex.Memory;
using ExpEther.RootComplex.Requests;

namespace ExpEther.RootComplex;

/// <summary>The parts of a root complex that its functions and slots use.</summary>
internal sealed record HostServices(
    string Name, OwnerScheduler Scheduler, IEventSink Events, HostMemory Memory, IConfigAccess Config, CpuRequests Requests, PostedWrites Posted,
    InterruptController Interrupts, BusEnumerator Enumerator) : PortServices(Name, Scheduler, Events, Config, Interrupts);
