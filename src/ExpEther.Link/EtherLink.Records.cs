using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Link.Setup;
using ExpEther.Link.Taps;
using ExpEther.Link.Windows;
using ExpEther.Link.Wire;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link;

/// <summary>Records of an admitted frame: credits and hints at once, the rest in sequence, each delivered once.</summary>
public sealed partial class EtherLink
{
    /// <returns>False: the consumer ended the epoch meanwhile.</returns>
    private bool TakeUnsequenced(Session session, ReadOnlySpan<byte> records, Instant now)
    {
        while (records.Length > 0)
        {
            var record = RecordView.ReadChecked(ref records);
            switch (record.Kind)
            {
                case RecordKind.Credits:
                    _gate.Update(CreditSet.Read(record.Body));
                    break;
                case RecordKind.Hint:
                    _consumer.OnHint(this, record.Body, now);
                    if (session != _session)
                    {
                        return false;
                    }

                    break;
                default:
                    break;
            }
        }

        return true;
    }

    private FrameDrop? TakeSequenced(Session session, ulong first, int count, ReadOnlySpan<byte> records, Instant now)
    {
        if (!_receive.IsInWindow(first, count))
        {
            _ack.Hurry();
            return FrameDrop.OutOfWindow;
        }

        _ack.OnRecords(now);
        if (first > _receive.Next)
        {
            _ack.Hurry();
            var stored = _receive.Store(first, count, records);
            Counters.FramesDuplicate += stored == 0 ? 1 : 0;
            return stored < 0 ? FrameDrop.OutOfWindow : null;
        }

        var sequence = first;
        var fresh = false;
        while (records.Length > 0 && session == _session)
        {
            var record = RecordView.ReadChecked(ref records);
            if (!record.IsSequenced)
            {
                continue;
            }

            if (sequence++ == _receive.Next)
            {
                fresh = true;
                _receive.Advance();
                Deliver(record, now);
            }
        }

        if (!fresh)
        {
            Counters.FramesDuplicate++;
            _ack.Hurry();
        }

        while (session == _session && _receive.TryTake(out var early))
        {
            Deliver(early, now);
        }

        return null;
    }

    private void Deliver(in RecordView record, Instant now)
    {
        if (record.Kind == RecordKind.Control)
        {
            Counters.ControlsReceived++;
            var link = _stages.Enter(Stage.Bridge);
            _consumer.OnControl(this, record.Body, now);
            _stages.Leave(link);
            return;
        }

        var c = record.Class;
        var dataUnits = CreditGate.DataUnits(record.Tlp.Length);
        if (!_ledger.TryTake(c, dataUnits))
        {
            BreakOff("the peer sent more than its credit", now);
            return;
        }

        if (c != TlpClass.NonPosted || !Options.HoldsNonPostedCredit)
        {
            _ledger.Return(c, 1, dataUnits);
        }

        Counters.CountTlpReceived(c);
        Tap?.OnTlp(Passage(record.Function, record.Generation, Options.Role == LinkRole.Initiator ? TlpDirection.ToDevice : TlpDirection.ToHost), record.Tlp);
        var outer = _stages.Enter(Stage.Bridge);
        _consumer.OnTlp(this, record.Function, record.Generation, record.Tlp, now);
        _stages.Leave(outer);
    }
}
