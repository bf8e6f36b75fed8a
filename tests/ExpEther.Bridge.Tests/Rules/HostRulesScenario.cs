using ExpEther.Bridge.Tests.Hosts;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Rules;

/// <summary>The host bridge's column of the table: two boxes, whose functions have the same number and generation, in two slots of one host.</summary>
internal sealed class HostRulesScenario : RuleScenario
{
    private const ulong Generation = 7;
    private const ulong Memory = 0x1_2340_0000;
    private const ulong ReadOnlyMemory = 0x5000_0000;
    private const uint On = 6;

    private static readonly Rid First = HostBench.FunctionIn(1);
    private static readonly Rid Second = HostBench.FunctionIn(2);

    private readonly HostBench _bench = new();
    private readonly ScriptedBox _box;
    private readonly ScriptedBox _other;
    private readonly byte[] _memory;
    private readonly byte[] _readOnly;

    public HostRulesScenario()
    {
        _box = _bench.AddBoxWithFunction(Generation);
        _other = _bench.AddBox(2);
        _memory = _bench.Host.Map(Memory, 64 << 10, DmaRights.ReadWrite);
        _readOnly = _bench.Host.Map(ReadOnlyMemory, 4096, DmaRights.Read);
        new Random(3).NextBytes(_memory.AsSpan(0x1000));
    }

    public override void Run(BrokenRule broken)
    {
        _bench.Bridge.Broken = broken;
        Row3();
        Row4();
        Row5();
        Row6();
        Row7();
        Completions();
        Assignments();
        BusMaster();
        Mappings();
        Digest();
    }

    private void Row3()
    {
        _other.Answer = HostBench.AnswerConfig;
        _other.Present(1, Generation);
        _bench.Settle();
        Expect("slots: functions of two boxes are in two slots", _bench.Slot(1).Function is not null && _bench.Slot(2).Function is not null);
        _bench.WriteSlotControl(2, 0);
        _bench.Send(into => new ConfigWrite(HostBench.Cpu, new Tag(200), Second, ConfigRegister.Command, true, On).Write(into));
        Expect("row 3: a configuration request reaches the function as type 0",
            _other.Tlps.Count == 1 && HostBench.Parse(_other.Tlps[0].Tlp).Kind == TlpKind.ConfigWrite0);
        Expect("row 3: its answer reaches the root complex", _bench.Completion(new Tag(200), out _) == CompletionStatus.SuccessfulCompletion);
        Expect("row 3: VF_H is whom it was sent to", _bench.Slot(2).Function!.VfH == Second);
        Forget();
    }

    private void Row4()
    {
        Write(_box, First, Memory, 1);
        Write(_other, Second, Memory + 4, 2);
        Expect("row 4: functions of both boxes write", _memory[0] == 1 && _memory[4] == 2);
        Write(_box, Second, Memory, 9);
        Expect("row 4: not in another function's name", _memory[0] == 1);
        Expect("row 4: that is counted", _bench.Slot(1).Counters.DmaWritesDropped == 1);
        Forget();
    }

    private void Row5()
    {
        const int Bytes = 3000;
        _box.Send(1, Generation, HostBench.Make(into => new MemoryRead(First, new Tag(33), Memory + 0x1004, Bytes).Write(into)));
        Expect("row 5: completions are cut to what the link carries", true);
        _bench.Pass(TimeSpan.FromMilliseconds(10));
        var at = 0x1004;
        foreach (var (_, _, tlp) in _box.Tlps)
        {
            var completion = HostBench.Parse(tlp);
            Expect("row 5: requester, completer and tag are the request's",
                (completion.Requester, completion.Completer, completion.Tag) == (First, HostBench.Cpu, new Tag(33)));
            Expect("row 5: completions go on where the one before ended, with the host's memory",
                completion.ByteCount == 0x1004 + Bytes - at && completion.Payload.SequenceEqual(_memory.AsSpan(at, completion.Payload.Length)));
            at += completion.Payload.Length;
            Expect("row 5: they end on read completion boundaries", at == 0x1004 + Bytes || at % 64 == 0);
        }

        Expect("row 5: the answer is whole", at == 0x1004 + Bytes);
        Forget();
    }

    private void Row6()
    {
        Write(_box, First, 0xFEE0_1000, 0x41);
        Expect("row 6: a write to the interrupt window is an interrupt",
            _bench.Host.Interrupts.Count == 1 && _bench.Host.Interrupts[0] == (First, 0xFEE0_1000UL, 0x41U));
        Forget();
    }

    private void Row7()
    {
        _box.Send(1, Generation, HostBench.Make(into => new Message(First, MessageCode.ErrFatal, MessageRouting.ToRootComplex).Write(into)));
        _box.Send(1, Generation, HostBench.Make(into => new Message(Second, MessageCode.ErrFatal, MessageRouting.ToRootComplex).Write(into)));
        _bench.Settle();
        var told = _bench.Up.Select(t => HostBench.Parse(t).Requester).ToList();
        Expect("row 7: a function tells the root complex its errors", told.Contains(First));
        Expect("row 7: and nobody else's", !told.Contains(Second));
        Expect("row 7: that is counted", _bench.Slot(1).Counters.Malformed == 1);
        Forget();
    }

    private void Completions()
    {
        _box.Send(1, Generation, HostBench.Make(
            into => new Completion(First, HostBench.Cpu, new Tag(99), CompletionStatus.SuccessfulCompletion).Write(into, [1, 2, 3, 4])));
        _bench.Settle();
        Expect("row 2: an answer to nothing does not reach the root complex", !_bench.Up.Exists(t => HostBench.Parse(t).IsCompletion));
        Expect("row 2: it is counted", _bench.Slot(1).Counters.UnexpectedCompletions == 1);
        Forget();
    }

    private void Assignments()
    {
        Write(_box, First, Memory, 9, function: 2);
        Expect("function: what is not plugged does not reach memory", _memory[0] == 1);
        Write(_box, First, Memory, 9, generation: Generation - 1);
        Expect("generation: nor does another assignment of it", _memory[0] == 1);
        Expect("assignment: both are counted", _bench.Bridge.Status().Counters.StaleTlps == 2);
        Forget();
    }

    private void BusMaster()
    {
        _bench.WriteConfig(First, ConfigRegister.Command, 2);
        Write(_box, First, Memory, 9);
        Expect("BME: without the function's nothing reaches memory", _memory[0] == 1);
        _bench.WriteConfig(First, ConfigRegister.Command, On);
        _bench.WriteConfig(HostBench.PortOf(1), ConfigRegister.Command, 2);
        Write(_box, First, Memory, 9);
        Expect("BME: nor without the port's", _memory[0] == 1);
        _bench.WriteConfig(HostBench.PortOf(1), ConfigRegister.Command, On);
        Expect("BME: both are counted", _bench.Slot(1).Counters.DmaWritesDropped == 3);
        Forget();
    }

    private void Mappings()
    {
        Write(_box, First, ReadOnlyMemory, 9);
        Expect("rights: what is mapped to be read is not written", _readOnly[0] == 0);
        _box.Send(1, Generation, HostBench.Make(into => new MemoryRead(First, new Tag(34), Memory + (64 << 10), 64).Write(into)));
        _bench.Settle();
        Expect("range: a read of what is not mapped is answered with UR",
            _box.Tlps.Count == 1 && HostBench.Parse(_box.Tlps[0].Tlp).Status == CompletionStatus.UnsupportedRequest);
        Expect("mappings: both are counted", _bench.Slot(1).Counters is { DmaWritesDropped: 4, DmaUnsupportedRequests: 1 });
        Forget();
    }

    private void Digest()
    {
        var tlp = HostBench.Make(into => new MemoryWrite(First, Memory, TlpAttributes.Digest).Write(into, [9, 9, 9, 9]));
        tlp[^1] ^= 0x80;
        _box.Send(1, Generation, tlp);
        _bench.Settle();
        Expect("ECRC: a write with a bad one does not reach memory", _memory[0] == 1);
        Expect("ECRC: it is counted", _bench.Slot(1).Counters.Malformed == 2);
    }

    private void Write(ScriptedBox box, Rid requester, ulong address, byte value, ushort function = 1, ulong generation = Generation)
    {
        box.Send(function, generation, HostBench.Make(into => new MemoryWrite(requester, address).Write(into, [value, 0, 0, 0])));
        _bench.Settle();
    }

    private void Forget()
    {
        _box.Tlps.Clear();
        _other.Tlps.Clear();
        _bench.Up.Clear();
    }
}
